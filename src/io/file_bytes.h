// A file read once, whole: the same bytes are decoded and hashed.
#pragma once

#include <gmmseg/raster.h>

#include <span>
#include <string>
#include <vector>

namespace gmmseg {

// Throws IoError where the file is missing, a folder, empty or unreadable; `expected` says what to
// give instead, as "an image file".
std::vector<unsigned char> ReadFileBytes(const std::string& path, const std::string& expected);

// "null:…" names an image that has no file.
bool IsNullImage(const std::string& path);

// The file's bytes; none for a null image.
std::vector<unsigned char> ReadImageBytes(const std::string& path);

// ReadImage for bytes that are at hand; `path` is for messages, and names a null image.
Raster DecodeImage(const std::string& path, std::span<const unsigned char> bytes);

}  // namespace gmmseg
