#pragma once

#include <algorithm>
#include <cstdint>

namespace gmmseg {

// The index of one value where there are data; see HeatIndices of render.h.
inline std::uint8_t HeatIndex(float value) {
  if (!(value > 0)) return 1;  // a NaN shows as 0, never as "no data"
  return static_cast<std::uint8_t>(1.5f + 254.0f * std::min(value, 1.0f));
}

}  // namespace gmmseg
