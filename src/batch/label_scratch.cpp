#include "batch/label_scratch.h"

#include <gmmseg/errors.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace gmmseg {
namespace {

constexpr std::int64_t kBytes = sizeof(std::uint16_t);

// `transfer(offset)` moves the bytes from there on that are left, and says how many it moved.
template <typename Transfer>
void TransferAll(IoError::Operation operation, const std::string& path, std::int64_t bytes,
                 const Transfer& transfer) {
  for (std::int64_t done = 0; done < bytes;) {
    const ssize_t moved = transfer(done);
    if (moved < 0 && errno == EINTR) continue;
    if (moved <= 0)
      throw IoError(operation, path + ": the labels that wait for their small pieces: " +
                                   (moved < 0 ? std::strerror(errno) : "the file ends early") +
                                   "; they take two bytes per pixel: make room in the output "
                                   "folder, or leave --min-size away");
    done += moved;
  }
}

}  // namespace

LabelScratch::LabelScratch(const boost::filesystem::path& folder, std::int64_t width)
    : file_((folder / "labels.scratch").string()), width_(width) {}

std::int64_t LabelScratch::OffsetOf(const Window& window, std::int64_t row) const {
  return ((window.y + row) * width_ + window.x) * kBytes;
}

void LabelScratch::Write(const Window& window, std::span<const std::uint16_t> labels) {
  for (std::int64_t row = 0; row < window.height; ++row) {
    const auto* const bytes = reinterpret_cast<const char*>(labels.data() + row * window.width);
    const std::int64_t size = window.width * kBytes;
    TransferAll(IoError::Operation::kWrite, file_.target(), size, [&](std::int64_t done) {
      return ::pwrite(file_.descriptor(), bytes + done, size - done, OffsetOf(window, row) + done);
    });
  }
}

std::vector<std::uint16_t> LabelScratch::Read(const Window& window) const {
  std::vector<std::uint16_t> labels(window.width * window.height);
  for (std::int64_t row = 0; row < window.height; ++row) {
    auto* const bytes = reinterpret_cast<char*>(labels.data() + row * window.width);
    const std::int64_t size = window.width * kBytes;
    TransferAll(IoError::Operation::kRead, file_.target(), size, [&](std::int64_t done) {
      return ::pread(file_.descriptor(), bytes + done, size - done, OffsetOf(window, row) + done);
    });
  }
  return labels;
}

}  // namespace gmmseg
