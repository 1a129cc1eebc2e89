#include "spatial/region_graph.h"

#include <doctest/doctest.h>

#include "test_planes.h"

namespace gmmseg {
namespace {

// 1 1 2 2
// 1 1 2 2
// 3 3 3 0
const std::vector<std::uint32_t> kLabels = {1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 3, 0};

TEST_CASE("a region graph counts pixels, memberships and borders, not those to no data") {
  MembershipField field;  // of 2 × 2 blocks
  field.weight = Ones(2, 2);
  field.planes.push_back(
      PlaneOf(2, 2, [](auto x, auto y) { return 0.25 * static_cast<double>(1 + x + 2 * y); }));
  const Plane strength = PlaneOf(4, 3, [](auto x, auto y) { return x + 10 * y; });
  const RegionGraph graph = BuildRegionGraph(kLabels, 3, strength, field, 2);
  CHECK(graph.sizes == std::vector<double>{4, 4, 3});
  REQUIRE(graph.num_classes() == 1);
  CHECK(graph.memberships[0] == doctest::Approx(4 * 0.25));
  CHECK(graph.memberships[1] == doctest::Approx(4 * 0.5));
  CHECK(graph.memberships[2] == doctest::Approx(2 * 0.75 + 1));
  REQUIRE(graph.borders.size() == 3);
  const auto check = [&](int i, std::uint32_t a, std::uint32_t b, double length, double sum) {
    CHECK(graph.borders[i].a == a);
    CHECK(graph.borders[i].b == b);
    CHECK(graph.borders[i].length == length);
    CHECK(graph.borders[i].strength == doctest::Approx(sum));
  };
  check(0, 1, 2, 2, 2 + 12);  // the larger of both pixels
  check(1, 1, 3, 2, 20 + 21);
  check(2, 2, 3, 1, 22);
}

}  // namespace
}  // namespace gmmseg
