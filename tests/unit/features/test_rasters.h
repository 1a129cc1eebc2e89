// Small rasters with hashed values.
#pragma once

#include <gmmseg/raster.h>

#include <cstdint>

#include "base/random.h"

namespace gmmseg {

// Band b of pixel i is value(hash in 0…1), drawn apart for every band and pixel.
template <typename T, typename Value>
Raster HashedRaster(std::int64_t width, std::int64_t height, int num_bands, ColorModel model,
                    const Value& value) {
  constexpr SampleType kType = sizeof(T) == 1   ? SampleType::kUint8
                               : sizeof(T) == 2 ? SampleType::kUint16
                                                : SampleType::kFloat32;
  Raster raster(width, height, num_bands, kType, model);
  for (int b = 0; b < num_bands; ++b)
    for (std::int64_t i = 0; i < raster.num_pixels(); ++i)
      raster.Band<T>(b)[i] = static_cast<T>(value(ToUnit(Hash(5, b, i))));
  return raster;
}

inline Raster HashedPhoto(std::int64_t width, std::int64_t height) {
  return HashedRaster<std::uint8_t>(width, height, 3, ColorModel::kRgb,
                                    [](double u) { return 256 * u; });
}

}  // namespace gmmseg
