#include "base/fast_math.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

namespace gmmseg {
namespace {

TEST_CASE("fast exponential and logarithm: as std's, within what they promise") {
  for (int i = 0; i <= 87000; ++i) {
    const float x = -0.001f * static_cast<float>(i);
    CHECK(FastExp(x) == doctest::Approx(std::exp(double{x})).epsilon(3e-7));
  }
  CHECK(FastExp(0) == 1);
  CHECK(FastExp(-1000) < 1e-37f);
  CHECK(FastExp(-1e4f) >= 0);
  for (double y = -80; y < 80; y += 0.01) {
    const auto x = static_cast<float>(std::exp(y));
    CHECK(std::abs(FastLog(x) - std::log(double{x})) <=
          3e-7 * std::max(1.0, std::abs(std::log(double{x}))));
  }
}

}  // namespace
}  // namespace gmmseg
