#include <gmmseg/errors.h>
#include <gmmseg/image_io.h>

#include <cstring>

#include "io/write_pictures.h"

namespace gmmseg {
namespace {

// Pixels that are in memory already.
template <typename T>
void WriteWhole(Picture picture, std::span<const T> pixels) {
  const std::int64_t width = picture.width, height = picture.height;
  if (static_cast<double>(width) * static_cast<double>(height) !=
      static_cast<double>(pixels.size()))
    throw ParameterError(picture.path + ": " + std::to_string(pixels.size()) +
                         " pixels for an image of " + std::to_string(width) + " x " +
                         std::to_string(height) + "; give one for each place");
  picture.make_rows = [&](std::int64_t first, std::int64_t count, std::uint8_t* rows) {
    std::memcpy(rows, pixels.data() + first * width, count * width * sizeof(T));
  };
  WritePictures({&picture, 1});
}

}  // namespace

void WriteIndexedPng(const std::string& path, std::int64_t width, std::int64_t height,
                     std::span<const std::uint8_t> indices, const Palette& palette) {
  WriteWhole({path, width, height, PixelKind::kIndex8, palette, {}}, indices);
}

void WriteGrayPng(const std::string& path, std::int64_t width, std::int64_t height,
                  std::span<const std::uint8_t> values) {
  WriteWhole({path, width, height, PixelKind::kGray8, {}, {}}, values);
}

void WriteGrayPng(const std::string& path, std::int64_t width, std::int64_t height,
                  std::span<const std::uint16_t> values) {
  WriteWhole({path, width, height, PixelKind::kGray16, {}, {}}, values);
}

void WriteRgbPng(const std::string& path, std::int64_t width, std::int64_t height,
                 std::span<const Rgb> pixels) {
  static_assert(sizeof(Rgb) == 3);
  WriteWhole({path, width, height, PixelKind::kRgb8, {}, {}}, pixels);
}

}  // namespace gmmseg
