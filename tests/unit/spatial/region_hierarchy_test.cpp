#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/region_hierarchy.h>

namespace gmmseg {
namespace {

// ((1 2) 4) and 3: heights 1, 2 and 5.
const RegionHierarchy kFour{4, {{1, 2, 1}, {4, 2, 2}, {1, 3, 5}}};

TEST_CASE("a cut makes the merges below its level, regions numbered by their first leaves") {
  CHECK(kFour.CutAt(1) == std::vector<std::uint32_t>{0, 1, 2, 3, 4});
  CHECK(kFour.CutAt(1.5) == std::vector<std::uint32_t>{0, 1, 1, 2, 3});
  CHECK(kFour.CutAt(3) == std::vector<std::uint32_t>{0, 1, 1, 2, 1});
  CHECK(kFour.NumRegionsAt(3) == 2);
  CHECK(kFour.CutAt(6) == std::vector<std::uint32_t>{0, 1, 1, 1, 1});
}

TEST_CASE("a cut into a number is as close to it as the hierarchy allows") {
  CHECK(kFour.CutInto(2) == kFour.CutAt(3));
  CHECK(kFour.CutInto(100) == kFour.CutAt(0));
  const RegionHierarchy apart{3, {{1, 2, 1}}};
  CHECK(apart.CutInto(1) == std::vector<std::uint32_t>{0, 1, 1, 2});
  CHECK_THROWS_AS(kFour.CutInto(0), ParameterError);
}

TEST_CASE("a contour is as high as the merge that removes it, and there is none to no data") {
  // 1 1 2
  // 4 3 0
  const std::vector<float> contours = ContourMap(kFour, {1, 1, 2, 4, 3, 0}, 3);
  CHECK(contours == std::vector<float>{2, 5, 0, 5, 0, 0});
}

TEST_CASE("equal heights, and leaves that no merge joins, have contours, too") {
  const RegionHierarchy ties{4, {{1, 2, 1}, {3, 4, 1}, {1, 3, 1}}};
  CHECK(ContourMap(ties, {1, 2, 3, 4}, 4) == std::vector<float>{1, 1, 1, 0});
  const RegionHierarchy apart{2, {}};
  CHECK(ContourMap(apart, {1, 2}, 2) == std::vector<float>{0, 0});
}

TEST_CASE("a contour map refuses leaves and widths that are none") {
  CHECK_THROWS_AS(ContourMap(kFour, {1, 2, 3}, 2), ParameterError);
  CHECK_THROWS_AS(ContourMap(kFour, {1, 5}, 2), ParameterError);
}

}  // namespace
}  // namespace gmmseg
