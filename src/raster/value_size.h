#pragma once

#include <gmmseg/raster.h>

#include <cstdint>

namespace gmmseg {

// Of one band of one pixel.
constexpr std::int64_t BytesPerValue(SampleType type) {
  if (type == SampleType::kUint8) return 1;
  return type == SampleType::kUint16 ? 2 : 4;
}

}  // namespace gmmseg
