#include "raster/gaussian_filter.h"

#include <doctest/doctest.h>

#include <cmath>

#include "base/random.h"
#include "raster/local_deviation.h"
#include "raster/plane.h"

namespace gmmseg {
namespace {

template <typename Value>
Plane Filled(std::int64_t width, std::int64_t height, const Value& value) {
  Plane plane(width, height);
  for (std::int64_t i = 0; i < plane.size(); ++i)
    plane.values[i] = static_cast<float>(value(i % width, i / width));
  return plane;
}

Plane Ones(std::int64_t width, std::int64_t height) {
  return Filled(width, height, [](auto, auto) { return 1; });
}

double Noise(std::int64_t x, std::int64_t y) {
  return ToUnit(Hash(3, static_cast<std::uint64_t>(y), static_cast<std::uint64_t>(x)));
}

TEST_CASE("a constant stays, at the border, too") {
  const GaussianFilter filter(2, Ones(9, 5));
  for (const float value : filter.Apply(Filled(9, 5, [](auto, auto) { return 7; })).values)
    CHECK(value == doctest::Approx(7));
}

TEST_CASE("smoothing is the weighted mean, by the formula pixel by pixel") {
  const Plane weights = Filled(13, 11, [](auto x, auto y) { return (x + y) % 3 > 0; });
  Plane values = Filled(13, 11, Noise);
  for (std::int64_t i = 0; i < values.size(); ++i) values.values[i] *= weights.values[i];
  const double sigma = 1.5;
  const Plane smooth = GaussianFilter(sigma, weights).Apply(values);
  for (std::int64_t y = 0; y < 11; ++y)
    for (std::int64_t x = 0; x < 13; ++x) {
      double sum = 0, total = 0;
      for (std::int64_t v = 0; v < 11; ++v)
        for (std::int64_t u = 0; u < 13; ++u) {
          if (std::abs(u - x) > 4 || std::abs(v - y) > 4) continue;
          const double squares = static_cast<double>((u - x) * (u - x) + (v - y) * (v - y));
          const double g = std::exp(-squares / (2 * sigma * sigma));
          sum += g * values.Row(v)[u];
          total += g * weights.Row(v)[u];
        }
      CHECK(smooth.Row(y)[x] == doctest::Approx(sum / total));
    }
}

TEST_CASE("what has no data does not bleed, and out of reach of data there is none") {
  const Plane weights = Filled(30, 3, [](auto x, auto) { return x < 10; });
  const GaussianFilter filter(1, weights);
  const Plane smooth = filter.Apply(Filled(30, 3, [](auto x, auto) { return x < 10 ? 4 : 0; }));
  CHECK(smooth.Row(1)[9] == doctest::Approx(4));
  CHECK(filter.reached().Row(1)[12] == 1);
  CHECK(filter.reached().Row(1)[13] == 0);
  CHECK(smooth.Row(1)[20] == 0);
}

TEST_CASE("the local deviation is that of the values, far from 0, too; none beside no data") {
  const Plane ones = Ones(64, 64);
  const Plane checks =
      Filled(64, 64, [](auto x, auto y) { return 1000 + 3 * ((x + y) % 2 == 0 ? 1 : -1); });
  const Plane deviation = LogLocalDeviation(checks, ones, 5);
  CHECK(deviation.Row(32)[32] == doctest::Approx(std::log(2 + 3)).epsilon(1e-3));
  const Plane weights = Filled(64, 64, [](auto x, auto) { return x < 20; });
  const Plane flat = Filled(64, 64, [](auto x, auto) { return x < 20 ? 80 : 0; });
  CHECK(LogLocalDeviation(flat, weights, 2).Row(9)[19] == doctest::Approx(std::log(2)));
  CHECK(LogLocalDeviation(flat, weights, 2).Row(9)[25] == 0);
}

TEST_CASE("blocks are means over the pixels with data") {
  const PlaneStack stack{
      [] {
        std::vector<Plane> planes;
        planes.push_back(Filled(5, 3, [](auto x, auto y) { return x < 1 ? 0 : x + 10 * y; }));
        return planes;
      }(),
      Filled(5, 3, [](auto x, auto) { return x >= 1; })};
  const PlaneStack reduced = Reduced(stack, 2);
  CHECK(reduced.weight.width == 3);
  CHECK(reduced.weight.height == 2);
  CHECK(reduced.planes[0].Row(0)[0] == doctest::Approx(6));    // 1 and 11
  CHECK(reduced.planes[0].Row(0)[1] == doctest::Approx(7.5));  // 2, 3, 12 and 13
  CHECK(reduced.planes[0].Row(1)[2] == doctest::Approx(24));
  for (const float weight : reduced.weight.values) CHECK(weight == 1);
}

}  // namespace
}  // namespace gmmseg
