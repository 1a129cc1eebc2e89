#include "spatial/watershed.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "test_planes.h"

namespace gmmseg {
namespace {

TEST_CASE("grid markers are numbered row by row, about as many as asked for") {
  const auto markers = GridMarkers(Ones(60, 40), 24);
  const std::set<std::uint32_t> labels(markers.begin(), markers.end());
  CHECK(labels.size() == 25);  // 0 and 6 × 4
  CHECK(markers[5 * 60 + 5] == 1);
  CHECK(markers[35 * 60 + 55] == 24);
}

TEST_CASE("there is a marker in one pixel, and no two in one") {
  CHECK(GridMarkers(Ones(1, 1), 100) == std::vector<std::uint32_t>{1});
  CHECK(GridMarkers(Ones(3, 1), 100) == std::vector<std::uint32_t>{1, 2, 3});
}

TEST_CASE("floods meet on the ridge") {
  const Plane relief = PlaneOf(21, 9, [](auto x, auto) { return 10 - std::abs(x - 13); });
  std::vector<std::uint32_t> labels(21 * 9);
  labels[4 * 21 + 1] = 1;
  labels[4 * 21 + 19] = 2;
  CHECK(Flood(relief, Ones(21, 9), labels) == 2);
  for (std::int64_t y = 0; y < 9; ++y)
    for (std::int64_t x = 0; x < 21; ++x)
      if (x != 13) CHECK(labels[y * 21 + x] == (x < 13 ? 1 : 2));
}

TEST_CASE("floods stop at no data, and a piece that none reaches is one more label") {
  const Plane weight = PlaneOf(12, 6, [](auto x, auto) { return x < 4 || x > 7; });
  std::vector<std::uint32_t> labels(12 * 6);
  labels[0] = 1;
  CHECK(Flood(PlaneOf(12, 6, [](auto, auto) { return 0; }), weight, labels) == 2);
  for (std::int64_t y = 0; y < 6; ++y)
    for (std::int64_t x = 0; x < 12; ++x) CHECK(labels[y * 12 + x] == (x < 4 ? 1 : x > 7 ? 2 : 0));
}

TEST_CASE("of each label only the largest piece stays") {
  // 1 2 1 1
  // 1 2 2 1
  // 2 0 1 1
  std::vector<std::uint32_t> labels = {1, 2, 1, 1, 1, 2, 2, 1, 2, 0, 1, 1};
  KeepLargestPieces(Ones(4, 3), labels);
  CHECK(labels == std::vector<std::uint32_t>{0, 2, 1, 1, 0, 2, 2, 1, 0, 0, 1, 1});
}

}  // namespace
}  // namespace gmmseg
