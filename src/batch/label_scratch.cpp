#include "batch/label_scratch.h"

#include <fcntl.h>
#include <gmmseg/errors.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "base/share.h"

namespace gmmseg {
namespace {

constexpr std::int64_t kBytes = sizeof(std::uint16_t);

[[noreturn]] void Fail(IoError::Operation operation, const std::string& path,
                       const std::string& cause) {
  throw IoError(operation, path + ": the labels that wait for their small pieces: " + cause +
                               "; they take two bytes per pixel: make room in the output folder, "
                               "or leave --min-size away");
}

// `transfer(offset)` moves the bytes from there on that are left, and says how many it moved.
template <typename Transfer>
void TransferAll(IoError::Operation operation, const std::string& path, std::int64_t bytes,
                 const Transfer& transfer) {
  for (std::int64_t done = 0; done < bytes;) {
    const ssize_t moved = transfer(done);
    if (moved < 0 && errno == EINTR) continue;
    if (moved <= 0) Fail(operation, path, moved < 0 ? std::strerror(errno) : "the file ends early");
    done += moved;
  }
}

}  // namespace

LabelScratch::LabelScratch(const boost::filesystem::path& folder, std::int64_t width, Ranks* ranks)
    : path_(folder / "labels.scratch"), width_(width), ranks_(ranks) {
  if (IsFirst(ranks)) Open(O_CREAT | O_EXCL);
  if (ranks == nullptr) return;
  Meet(*ranks);
  if (!ranks->IsFirst()) Open(0);
}

LabelScratch::~LabelScratch() {
  if (IsFirst(ranks_)) ::unlink(path_.c_str());
}

void LabelScratch::Open(int flags) {
  file_ = FileDescriptor(::open(path_.c_str(), O_RDWR | O_CLOEXEC | flags, 0600));
  if (file_.get() < 0) Fail(IoError::Operation::kWrite, path_.string(), std::strerror(errno));
}

// On other machines files are as they were when they were opened.
void LabelScratch::Settle() {
  if (ranks_ == nullptr) return;
  if (::fsync(file_.get()) != 0 || file_.Close() != 0)
    Fail(IoError::Operation::kWrite, path_.string(), std::strerror(errno));
  Meet(*ranks_);
  Open(0);
}

std::int64_t LabelScratch::OffsetOf(const Window& window, std::int64_t row) const {
  return ((window.y + row) * width_ + window.x) * kBytes;
}

void LabelScratch::Write(const Window& window, std::span<const std::uint16_t> labels) {
  for (std::int64_t row = 0; row < window.height; ++row) {
    const auto* const bytes = reinterpret_cast<const char*>(labels.data() + row * window.width);
    const std::int64_t size = window.width * kBytes;
    TransferAll(IoError::Operation::kWrite, path_.string(), size, [&](std::int64_t done) {
      return ::pwrite(file_.get(), bytes + done, size - done, OffsetOf(window, row) + done);
    });
  }
}

std::vector<std::uint16_t> LabelScratch::Read(const Window& window) const {
  std::vector<std::uint16_t> labels(window.width * window.height);
  for (std::int64_t row = 0; row < window.height; ++row) {
    auto* const bytes = reinterpret_cast<char*>(labels.data() + row * window.width);
    const std::int64_t size = window.width * kBytes;
    TransferAll(IoError::Operation::kRead, path_.string(), size, [&](std::int64_t done) {
      return ::pread(file_.get(), bytes + done, size - done, OffsetOf(window, row) + done);
    });
  }
  return labels;
}

}  // namespace gmmseg
