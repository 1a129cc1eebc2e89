// A file read once, whole: the same bytes are decoded and hashed. Or a look at parts of it.
#pragma once

#include <gmmseg/raster.h>
#include <sys/types.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/file_descriptor.h"

namespace gmmseg {

// Throws IoError where the file is missing, a folder, empty or unreadable; `expected` says what to
// give instead, as "an image file".
std::vector<unsigned char> ReadFileBytes(const std::string& path, const std::string& expected);

// A regular file that is read here and there.
class PeekedFile {
 public:
  // Throws IoError where the file is missing, not regular, empty or unreadable.
  PeekedFile(const std::string& path, const std::string& expected);

  std::int64_t size() const { return size_; }  // when it was opened
  // Its first `count` bytes, or as many as there are. Throws IoError where it cannot be read.
  std::vector<unsigned char> First(std::int64_t count) const;
  // As pread, but gives fewer bytes than `count` at the file's end alone.
  ssize_t ReadAt(void* out, std::size_t count, std::int64_t offset) const noexcept;

 private:
  std::string path_;
  FileDescriptor file_;
  std::int64_t size_ = 0;
};

// Whether the file's first `count` bytes hold the text; false where it cannot be read.
bool FileHolds(const std::string& path, std::string_view text, std::int64_t count);

// "null:…" names an image that has no file.
bool IsNullImage(const std::string& path);

// The file's bytes; none for a null image.
std::vector<unsigned char> ReadImageBytes(const std::string& path);

// ReadImage for bytes that are at hand; `path` is for messages, and names a null image.
Raster DecodeImage(const std::string& path, std::span<const unsigned char> bytes);

}  // namespace gmmseg
