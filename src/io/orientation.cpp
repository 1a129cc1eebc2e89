#include "io/orientation.h"

#include <algorithm>
#include <cstdint>

namespace gmmseg {
namespace {

// Where the upright pixel (x, y) lies in a stored plane: first + x·across + y·down.
struct Walk {
  std::int64_t first, across, down;
};

Walk WalkOf(int orientation, std::int64_t width, std::int64_t height) {
  const std::int64_t right = width - 1, bottom = (height - 1) * width;
  switch (orientation) {
    case 2:
      return {right, -1, width};
    case 3:
      return {bottom + right, -1, -width};
    case 4:
      return {bottom, 1, -width};
    case 5:
      return {0, width, 1};
    case 6:
      return {bottom, -width, 1};
    case 7:
      return {bottom + right, -width, -1};
    default:
      return {right, width, -1};
  }
}

// In columns of a few cache lines, so that a quarter turn does not miss the cache at every pixel.
template <typename T>
void CopyAlong(const Walk& walk, const T* stored, T* upright, std::int64_t width,
               std::int64_t height) {
  constexpr std::int64_t kColumns = 64;
  for (std::int64_t left = 0; left < width; left += kColumns)
    for (std::int64_t y = 0; y < height; ++y)
      for (std::int64_t x = left; x < std::min(left + kColumns, width); ++x)
        upright[y * width + x] = stored[walk.first + x * walk.across + y * walk.down];
}

class ExifReader {
 public:
  explicit ExifReader(std::span<const unsigned char> bytes)
      : bytes_(bytes), little_(!bytes.empty() && bytes[0] == 'I') {}

  // 0 outside the block.
  std::uint32_t Number(std::size_t offset, std::size_t num_bytes) const {
    if (offset > bytes_.size() || bytes_.size() - offset < num_bytes) return 0;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < num_bytes; ++i)
      value = value << 8 | bytes_[offset + (little_ ? num_bytes - 1 - i : i)];
    return value;
  }

 private:
  std::span<const unsigned char> bytes_;
  bool little_;
};

}  // namespace

Raster Upright(Raster raster, int orientation) {
  if (orientation < 2 || orientation > 8) return raster;
  const bool turned = orientation >= 5;
  Raster upright(turned ? raster.height() : raster.width(),
                 turned ? raster.width() : raster.height(), raster.num_bands(), raster.type(),
                 raster.color_model());
  upright.SetWhite(raster.white());
  const Walk walk = WalkOf(orientation, raster.width(), raster.height());
  for (int b = 0; b < raster.num_bands(); ++b)
    raster.VisitBand(b, [&]<typename T>(const T* stored) {
      CopyAlong(walk, stored, upright.Band<T>(b), upright.width(), upright.height());
    });
  if (raster.validity().empty()) return upright;
  for (std::int64_t y = 0; y < upright.height(); ++y)
    for (std::int64_t x = 0; x < upright.width(); ++x)
      upright.TakeValidity(y * upright.width() + x, raster,
                           walk.first + x * walk.across + y * walk.down);
  return upright;
}

int ExifOrientation(std::span<const unsigned char> exif) {
  constexpr std::uint32_t kOrientationTag = 0x0112;
  constexpr std::size_t kEntrySize = 12, kValueOffset = 8;
  const ExifReader reader(exif);
  const std::size_t directory = reader.Number(4, 4);
  const std::size_t num_entries = reader.Number(directory, 2);
  for (std::size_t e = 0; e < num_entries; ++e) {
    const std::size_t entry = directory + 2 + e * kEntrySize;
    if (reader.Number(entry, 2) == kOrientationTag)
      return static_cast<int>(reader.Number(entry + kValueOffset, 2));
  }
  return 1;
}

}  // namespace gmmseg
