#pragma once

#include <span>
#include <vector>

namespace gmmseg {

// Quantiles at probabilities of 0…1 of values that each stand there as often as their weight says;
// see Quantile. Values of weight 0 are left out; nothing where that leaves none. Exact: two passes
// over the values, and a sort of those that share their leading 16 bits with a quantile.
std::vector<double> WeightedQuantiles(std::span<const float> values, std::span<const float> weights,
                                      std::span<const double> probabilities);

}  // namespace gmmseg
