#include "base/weighted_quantiles.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/quantile.h"
#include "base/random.h"

using namespace gmmseg;

namespace {

constexpr double kProbabilities[] = {0, 0.001, 0.1, 0.5, 0.77, 1};

}  // namespace

TEST_CASE("weighted quantiles are those of the values written out") {
  RandomStream random(3, 1);
  std::vector<float> values, weights, written_out;
  for (int i = 0; i < 5000; ++i) {
    const auto value = static_cast<float>(random.Normal() * (i % 7 == 0 ? 1e-3 : 1e4));
    const int count = static_cast<int>(4 * random.Uniform());
    values.push_back(value);
    weights.push_back(static_cast<float>(count));
    written_out.insert(written_out.end(), count, value);
  }
  std::ranges::sort(written_out);
  const std::vector<double> quantiles = WeightedQuantiles(values, weights, kProbabilities);
  for (std::size_t q = 0; q < quantiles.size(); ++q)
    CHECK(quantiles[q] == Quantile(written_out, kProbabilities[q]));
}

TEST_CASE("weighted quantiles of one value, of equal values and of none") {
  const std::vector<float> values = {-7.5f, -7.5f, 1};
  const auto all = [](const std::vector<double>& quantiles, double value) {
    return quantiles.size() == std::size(kProbabilities) &&
           std::ranges::all_of(quantiles, [value](double q) { return q == value; });
  };
  CHECK(all(WeightedQuantiles(values, std::vector<float>{2, 3, 0}, kProbabilities), -7.5));
  CHECK(all(WeightedQuantiles(values, std::vector<float>{0, 0, 0.25f}, kProbabilities), 1));
  CHECK(WeightedQuantiles(values, std::vector<float>{0, 0, 0}, kProbabilities).empty());
  CHECK(WeightedQuantiles({}, {}, kProbabilities).empty());
}
