#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace gmmseg {

// The quantile of ascending values, at least one, at a probability of 0…1: linear between order
// statistics (Hyndman, Fan 1996, type 7).
template <typename T>
double Quantile(const std::vector<T>& sorted, double probability) {
  const double position = probability * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const double fraction = position - static_cast<double>(below);
  const auto low = static_cast<double>(sorted[below]), high = static_cast<double>(sorted[above]);
  return low + fraction * (high - low);
}

}  // namespace gmmseg
