#include "spatial/gradient.h"

#include <doctest/doctest.h>
#include <gmmseg/threads.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.h"
#include "spatial/boundaries.h"
#include "test_planes.h"

namespace gmmseg {
namespace {

// Two classes, the left one in columns before `edge`.
MembershipField TwoHalves(std::int64_t width, std::int64_t height, std::int64_t edge) {
  MembershipField field;
  field.weight = Ones(width, height);
  field.planes.push_back(PlaneOf(width, height, [&](auto x, auto) { return x < edge; }));
  field.planes.push_back(PlaneOf(width, height, [&](auto x, auto) { return x >= edge; }));
  return field;
}

constexpr GradientScale kScale{2, 4, 3};

TEST_CASE("the gradient of a slope is its steepness, over all planes") {
  std::vector<Plane> planes;
  planes.push_back(PlaneOf(9, 7, [](auto x, auto) { return 3 * x; }));
  planes.push_back(PlaneOf(9, 7, [](auto, auto y) { return 4 * y; }));
  const Plane gradient = GradientMagnitude(planes);
  for (std::int64_t y = 1; y < 6; ++y)
    for (std::int64_t x = 1; x < 8; ++x) CHECK(gradient.Row(y)[x] == doctest::Approx(5));
  CHECK(gradient.Row(0)[4] == doctest::Approx(std::hypot(3, 2)));  // the border goes on
}

TEST_CASE("the gradient of one pixel, and of one row, is finite") {
  for (const std::int64_t width : {1, 2, 5}) {
    std::vector<Plane> row;
    row.push_back(PlaneOf(width, 1, [](auto x, auto) { return x; }));
    const Plane gradient = GradientMagnitude(row);
    for (const float value : gradient.values) CHECK(std::isfinite(value));
  }
}

TEST_CASE("memberships change most where one class ends") {
  const Plane gradient = MembershipGradient(TwoHalves(40, 30, 20), kScale);
  for (std::int64_t y = 0; y < 30; ++y) {
    CHECK(gradient.Row(y)[20] > 0.8);
    CHECK(gradient.Row(y)[20] <= 1.0001);
    CHECK(gradient.Row(y)[5] == doctest::Approx(0).epsilon(1e-6));
    CHECK(gradient.Row(y)[34] == doctest::Approx(0).epsilon(1e-6));
  }
}

TEST_CASE("memberships do not change towards no data") {
  MembershipField field = TwoHalves(40, 30, 20);
  for (std::int64_t y = 0; y < 30; ++y)
    for (std::int64_t x = 20; x < 40; ++x)
      field.weight.Row(y)[x] = field.planes[0].Row(y)[x] = field.planes[1].Row(y)[x] = 0;
  for (const float value : MembershipGradient(field, kScale).values)
    CHECK(value == doctest::Approx(0).epsilon(1e-6));
}

TEST_CASE("half the resolution keeps what memberships sum to") {
  const MembershipField half = Halved(TwoHalves(7, 5, 3));
  CHECK(half.width() == 4);
  CHECK(half.height() == 3);
  CHECK(half.planes[0].Row(0)[0] == doctest::Approx(1));
  CHECK(half.planes[0].Row(0)[1] == doctest::Approx(0.5));
  CHECK(half.planes[1].Row(2)[3] == doctest::Approx(0.25));  // one pixel of four
  CHECK(half.weight.Row(2)[3] == doctest::Approx(0.25));
}

TEST_CASE("enlarging keeps a slope and its place") {
  const Plane large = Enlarged(PlaneOf(4, 3, [](auto x, auto) { return x; }), 2, 8, 6);
  CHECK(large.Row(2)[0] == doctest::Approx(0));
  CHECK(large.Row(2)[1] == doctest::Approx(0.25));
  CHECK(large.Row(2)[4] == doctest::Approx(1.75));
  CHECK(large.Row(5)[7] == doctest::Approx(3));
}

TEST_CASE("boundaries are the same bits for any number of threads") {
  const auto noise = [](std::uint64_t stream) {
    return [stream](std::int64_t x, std::int64_t y) {
      return 50 * ToUnit(Hash(1, stream, static_cast<std::uint64_t>(y * 1000 + x)));
    };
  };
  PlaneStack colors{{}, Ones(60, 44)};
  for (const std::uint64_t c : {1, 2, 3}) colors.planes.push_back(PlaneOf(60, 44, noise(c)));
  const MembershipField field = TwoHalves(30, 22, 11);
  const Boundaries parallel = FindBoundaries(colors, field);
  const ThreadLimit one(1);
  const Boundaries serial = FindBoundaries(colors, field);
  CHECK(std::ranges::equal(parallel.relief.values, serial.relief.values));
  CHECK(std::ranges::equal(parallel.strength.values, serial.strength.values));
}

}  // namespace
}  // namespace gmmseg
