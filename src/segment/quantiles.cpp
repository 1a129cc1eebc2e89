#include "segment/quantiles.h"

#include <algorithm>

#include "base/quantile.h"
#include "base/random.h"

namespace gmmseg {
namespace {

constexpr double kMaxValues = 65536;
constexpr std::uint64_t kStream = 0x7175616e74;  // "quant": apart from the fit's draws

std::vector<float> Draw(std::span<const float> values, std::span<const std::uint16_t> labels,
                        std::uint64_t seed) {
  const auto num_labelled = static_cast<double>(
      labels.size() - static_cast<std::size_t>(std::count(labels.begin(), labels.end(), 0)));
  std::vector<float> drawn;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (labels[i] != 0 &&
        (num_labelled <= kMaxValues || ToUnit(Hash(seed, kStream, i)) * num_labelled < kMaxValues))
      drawn.push_back(values[i]);
  return drawn;
}

}  // namespace

std::vector<double> LabelledQuantiles(std::span<const float> values,
                                      std::span<const std::uint16_t> labels,
                                      std::span<const double> probabilities, std::uint64_t seed) {
  std::vector<float> drawn = Draw(values, labels, seed);
  std::vector<double> quantiles;
  if (drawn.empty()) return quantiles;
  std::sort(drawn.begin(), drawn.end());
  for (const double probability : probabilities) quantiles.push_back(Quantile(drawn, probability));
  return quantiles;
}

}  // namespace gmmseg
