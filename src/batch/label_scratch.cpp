#include "batch/label_scratch.h"

#include <fcntl.h>
#include <gmmseg/errors.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "base/share.h"

namespace gmmseg {
namespace {

constexpr std::int64_t kBytes = sizeof(std::uint16_t);
// Every cell begins a page, for machines may write whole pages.
constexpr std::int64_t kCellBytes = kCellSide * kCellSide * kBytes;

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

LabelScratch::LabelScratch(const boost::filesystem::path& folder, const CellReader& cells,
                           Ranks* ranks)
    : path_(folder / "labels.scratch"), cells_(cells), ranks_(ranks) {
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

void LabelScratch::Write(std::int64_t cell, std::span<const std::uint16_t> labels) {
  const auto* const bytes = reinterpret_cast<const char*>(labels.data());
  const auto size = static_cast<std::int64_t>(labels.size_bytes());
  TransferAll(IoError::Operation::kWrite, path_.string(), size, [&](std::int64_t done) {
    return ::pwrite(file_.get(), bytes + done, size - done, cell * kCellBytes + done);
  });
}

std::vector<std::uint16_t> LabelScratch::Read(const Window& window) const {
  std::vector<std::uint16_t> labels(window.width * window.height);
  const std::int64_t right = window.x + window.width, bottom = window.y + window.height;
  for (std::int64_t y = window.y; y < bottom; ++y)
    for (std::int64_t x = window.x; x < right;) {
      const std::int64_t cell = cells_.Holding(x, y);
      const Window core = cells_.At(cell);
      const std::int64_t behind = std::min(right, core.x + core.width);
      auto* const bytes =
          reinterpret_cast<char*>(labels.data() + (y - window.y) * window.width + x - window.x);
      const std::int64_t size = (behind - x) * kBytes;
      const std::int64_t place =
          cell * kCellBytes + ((y - core.y) * core.width + x - core.x) * kBytes;
      TransferAll(IoError::Operation::kRead, path_.string(), size, [&](std::int64_t done) {
        return ::pread(file_.get(), bytes + done, size - done, place + done);
      });
      x = behind;
    }
  return labels;
}

}  // namespace gmmseg
