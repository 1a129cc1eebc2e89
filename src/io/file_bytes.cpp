#include "io/file_bytes.h"

#include <fcntl.h>
#include <gmmseg/errors.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "io/file_descriptor.h"

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

}  // namespace

std::vector<unsigned char> ReadFileBytes(const std::string& path, const std::string& expected) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) FailOpen(path, expected);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) FailOpen(path, expected);
  if (S_ISDIR(status.st_mode)) Fail(path, "is a folder; give " + expected);

  std::vector<unsigned char> bytes(FirstCapacity(status));
  std::size_t size = 0;
  for (;;) {
    if (size == bytes.size()) bytes.resize(2 * size);
    const ssize_t count = ::read(file.get(), bytes.data() + size, bytes.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) Fail(path, std::string("cannot be read: ") + std::strerror(errno));
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  if (size == 0) Fail(path, "is empty (0 bytes); give " + expected);
  bytes.resize(size);
  return bytes;
}

bool IsNullImage(const std::string& path) { return path.starts_with("null:"); }

std::vector<unsigned char> ReadImageBytes(const std::string& path) {
  if (IsNullImage(path)) return {};
  return ReadFileBytes(path, "an image file");
}

}  // namespace gmmseg
