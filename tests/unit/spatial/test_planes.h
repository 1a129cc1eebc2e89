// Small planes for tests.
#pragma once

#include <algorithm>
#include <cstdint>

#include "raster/plane.h"

namespace gmmseg {

// value(x, y) everywhere.
template <typename Value>
Plane PlaneOf(std::int64_t width, std::int64_t height, const Value& value) {
  Plane plane(width, height);
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x) plane.Row(y)[x] = static_cast<float>(value(x, y));
  return plane;
}

inline Plane Ones(std::int64_t width, std::int64_t height) {
  return PlaneOf(width, height, [](auto, auto) { return 1; });
}

}  // namespace gmmseg
