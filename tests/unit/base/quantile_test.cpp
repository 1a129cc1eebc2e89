#include "base/quantile.h"

#include <doctest/doctest.h>

using gmmseg::Quantile;

TEST_CASE("quantiles between order statistics equal numpy's default") {
  // numpy.quantile([1, 2, 4, 8, 16], [0, .1, .5, .9, 1])
  const std::vector<float> values = {1, 2, 4, 8, 16};
  CHECK(Quantile(values, 0) == 1);
  CHECK(Quantile(values, 0.1) == doctest::Approx(1.4));
  CHECK(Quantile(values, 0.5) == 4);
  CHECK(Quantile(values, 0.9) == doctest::Approx(12.8));
  CHECK(Quantile(values, 1) == 16);
}

TEST_CASE("every quantile of one value is that value") {
  for (const double probability : {0.0, 0.3, 1.0})
    CHECK(Quantile(std::vector<double>{7}, probability) == 7);
}
