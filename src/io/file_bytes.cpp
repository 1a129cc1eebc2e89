#include "io/file_bytes.h"

#include <fcntl.h>
#include <gmmseg/errors.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace gmmseg {
namespace {

[[noreturn]] void Fail(const std::string& path, const std::string& what) {
  throw IoError(IoError::Operation::kRead, path + ": " + what);
}

[[noreturn]] void FailOpen(const std::string& path, const std::string& expected) {
  if (errno == ENOENT) Fail(path, "no such file; give " + expected);
  Fail(path, std::string("cannot be opened: ") + std::strerror(errno));
}

// Bytes to make room for at first: all of them, and one to meet the end in the same read; pipes
// have no size.
std::size_t FirstCapacity(const struct stat& status) {
  constexpr std::size_t kPipe = 1 << 16;
  return S_ISREG(status.st_mode) ? static_cast<std::size_t>(status.st_size) + 1 : kPipe;
}

[[noreturn]] void FailRead(const std::string& path) {
  Fail(path, std::string("cannot be read: ") + std::strerror(errno));
}

void RequireBytes(bool any, const std::string& path, const std::string& expected) {
  if (!any) Fail(path, "is empty (0 bytes); give " + expected);
}

struct OpenedFile {
  FileDescriptor file;
  struct stat status {};
};

OpenedFile Open(const std::string& path, const std::string& expected, int flags) {
  OpenedFile opened{FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags))};
  if (opened.file.get() < 0) FailOpen(path, expected);
  if (::fstat(opened.file.get(), &opened.status) != 0) FailOpen(path, expected);
  if (S_ISDIR(opened.status.st_mode)) Fail(path, "is a folder; give " + expected);
  if (S_ISCHR(opened.status.st_mode))
    Fail(path, "is a device, which may have no end; give " + expected);
  return opened;
}

}  // namespace

std::vector<unsigned char> ReadFileBytes(const std::string& path, const std::string& expected) {
  const OpenedFile opened = Open(path, expected, 0);
  std::vector<unsigned char> bytes(FirstCapacity(opened.status));
  std::size_t size = 0;
  for (;;) {
    if (size == bytes.size()) bytes.resize(2 * size);
    const ssize_t count = ::read(opened.file.get(), bytes.data() + size, bytes.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) FailRead(path);
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  RequireBytes(size > 0, path, expected);
  bytes.resize(size);
  return bytes;
}

// O_NONBLOCK: a pipe without a writer is refused, not waited for.
PeekedFile::PeekedFile(const std::string& path, const std::string& expected) : path_(path) {
  OpenedFile opened = Open(path, expected, O_NONBLOCK);
  if (!S_ISREG(opened.status.st_mode)) Fail(path, "is no regular file; give " + expected);
  RequireBytes(opened.status.st_size > 0, path, expected);
  file_ = std::move(opened.file);
  size_ = opened.status.st_size;
}

std::vector<unsigned char> PeekedFile::First(std::int64_t count) const {
  std::vector<unsigned char> bytes(count);
  const ssize_t size = ReadAt(bytes.data(), bytes.size(), 0);
  if (size < 0) FailRead(path_);
  bytes.resize(size);
  return bytes;
}

ssize_t PeekedFile::ReadAt(void* out, std::size_t count, std::int64_t offset) const noexcept {
  std::size_t size = 0;
  while (size < count) {
    const ssize_t got = ::pread(file_.get(), static_cast<char*>(out) + size, count - size,
                                offset + static_cast<std::int64_t>(size));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  return static_cast<ssize_t>(size);
}

bool FileHolds(const std::string& path, std::string_view text, std::int64_t count) {
  try {
    const std::vector<unsigned char> head = PeekedFile(path, "a file").First(count);
    return std::search(head.begin(), head.end(), text.begin(), text.end()) != head.end();
  } catch (const IoError&) {
    return false;
  }
}

bool IsNullImage(const std::string& path) { return path.starts_with("null:"); }

std::vector<unsigned char> ReadImageBytes(const std::string& path) {
  if (IsNullImage(path)) return {};
  return ReadFileBytes(path, "an image file");
}

}  // namespace gmmseg
