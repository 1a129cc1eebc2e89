#include "base/soft_max.h"

#include <algorithm>

#include "base/fast_math.h"
#include "base/wide_clones.h"

namespace gmmseg {

GMMSEG_WIDE_CLONES
void TakeLargest(const float* values, std::int64_t count, float* __restrict largest) {
  for (std::int64_t j = 0; j < count; ++j) largest[j] = std::max(largest[j], values[j]);
}

GMMSEG_WIDE_CLONES
void SetExponentials(const float* largest, std::int64_t count, float* __restrict values,
                     float* __restrict total) {
  constexpr float kLeastExponent = -87;  // whose exponential is a normal number
  for (std::int64_t j = 0; j < count; ++j) {
    values[j] = FastExp(std::max(values[j] - largest[j], kLeastExponent));
    total[j] += values[j];
  }
}

}  // namespace gmmseg
