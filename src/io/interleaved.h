// From pixels as most decoders give them to planes.
#pragma once

#include <gmmseg/image_io.h>
#include <gmmseg/raster.h>

#include <cstdint>
#include <type_traits>

#include "base/tile_loop.h"

namespace gmmseg {

enum class ChannelOrder { kRgb, kBgr };

// Rows of interleaved pixels. Channels: 1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha.
template <typename T>
struct InterleavedImage {
  const T* values;
  std::int64_t width, height;
  int channels;
  ChannelOrder order;

  bool HasAlpha() const { return channels % 2 == 0; }
};

template <typename T>
constexpr SampleType SampleTypeOf() {
  static_assert(std::is_same_v<T, std::uint8_t> || std::is_same_v<T, std::uint16_t> ||
                std::is_same_v<T, float>);
  return std::is_same_v<T, std::uint8_t>    ? SampleType::kUint8
         : std::is_same_v<T, std::uint16_t> ? SampleType::kUint16
                                            : SampleType::kFloat32;
}

// Grey stays one band; alpha is none.
inline ImageHeader HeaderOf(std::int64_t width, std::int64_t height, int channels,
                            SampleType type) {
  const bool is_gray = channels < 3;
  return {width, height, is_gray ? 1 : 3, type, is_gray ? ColorModel::kGray : ColorModel::kRgb};
}

// As HeaderOf says; alpha 0 becomes "no data".
template <typename T>
Raster ToRaster(const InterleavedImage<T>& image) {
  const ImageHeader header = HeaderOf(image.width, image.height, image.channels, SampleTypeOf<T>());
  const int num_bands = header.num_bands;
  Raster raster(header.width, header.height, num_bands, header.type, header.color_model);
  ForEachTile(raster.num_pixels(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
    const T* const pixels = image.values + first * image.channels;
    for (int b = 0; b < num_bands; ++b) {
      const int channel = image.order == ChannelOrder::kBgr ? num_bands - 1 - b : b;
      T* const band = raster.Band<T>(b) + first;
      for (std::int64_t i = 0; i < count; ++i) band[i] = pixels[i * image.channels + channel];
    }
  });
  if (image.HasAlpha())
    for (std::int64_t i = 0; i < raster.num_pixels(); ++i)
      if (image.values[(i + 1) * image.channels - 1] == T{0}) raster.Invalidate(i);
  return raster;
}

}  // namespace gmmseg
