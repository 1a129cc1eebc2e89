#include "segment/quantiles.h"

#include <doctest/doctest.h>

#include <vector>

using gmmseg::LabelledQuantiles;

TEST_CASE("quantiles of a few values equal numpy's default, and label 0 does not count") {
  // numpy.quantile([1, 2, 4, 8, 16], [0, .1, .5, .9, 1])
  const std::vector<float> values = {4, 1000, 1, 16, 2, -1000, 8};
  const std::vector<std::uint16_t> labels = {1, 0, 2, 1, 1, 0, 3};
  const std::vector<double> expected = {1, 1.4, 4, 12.8, 16};
  const std::vector<double> found =
      LabelledQuantiles(values, labels, std::vector{0.0, 0.1, 0.5, 0.9, 1.0}, 0);
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == doctest::Approx(expected[i]));
}

TEST_CASE("quantiles of many values come from a sample that stands for all, the same every time") {
  std::vector<float> values(1'000'000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 1000);
  const std::vector<std::uint16_t> labels(values.size(), 1);
  const std::vector<double> probabilities = {0.05, 0.5, 0.95};
  const std::vector<double> found = LabelledQuantiles(values, labels, probabilities, 7);
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(found[i] == doctest::Approx(1000 * probabilities[i]).epsilon(0.01).scale(1000));
  CHECK(found == LabelledQuantiles(values, labels, probabilities, 7));
}

TEST_CASE("without a label there is no quantile") {
  CHECK(LabelledQuantiles(std::vector<float>(3), std::vector<std::uint16_t>(3), std::vector{0.5}, 0)
            .empty());
}
