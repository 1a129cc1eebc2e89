// Log-densities to probabilities, run by run.
#pragma once

#include <cstdint>

namespace gmmseg {

// largest[j] = max(largest[j], values[j])
void TakeLargest(const float* values, std::int64_t count, float* largest);

// values[j] becomes e^(values[j] − largest[j]), which is at most 1, and joins total[j].
void SetExponentials(const float* largest, std::int64_t count, float* values, float* total);

}  // namespace gmmseg
