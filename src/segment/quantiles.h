#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace gmmseg {

// Quantiles of the values whose label is not 0, linear between order statistics (Hyndman, Fan 1996,
// type 7), in the order of `probabilities`. Exact up to 65 536 such values; of more, about that
// many are drawn by hashes of (seed, index). Empty where every label is 0.
std::vector<double> LabelledQuantiles(std::span<const float> values,
                                      std::span<const std::uint16_t> labels,
                                      std::span<const double> probabilities, std::uint64_t seed);

}  // namespace gmmseg
