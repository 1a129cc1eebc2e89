#include "spatial/merge_regions.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace gmmseg {
namespace {

// A row of regions of 100 pixels with two classes each; borders of length 10.
RegionGraph Row(const std::vector<double>& first_class, const std::vector<double>& strengths) {
  RegionGraph graph;
  for (const double share : first_class) {
    graph.sizes.push_back(100);
    graph.memberships.push_back(static_cast<float>(100 * share));
    graph.memberships.push_back(static_cast<float>(100 * (1 - share)));
  }
  for (std::size_t i = 0; i < strengths.size(); ++i) {
    const auto a = static_cast<std::uint32_t>(i + 1);
    graph.borders.push_back({a, a + 1, 10, 10 * strengths[i]});
  }
  return graph;
}

// A grid of n × n regions with hashed contents and borders.
RegionGraph Grid(std::uint32_t n) {
  RegionGraph graph;
  const auto add = [&](std::uint32_t a, std::uint32_t b) {
    graph.borders.push_back({a, b, 10, 10 * ToUnit(Hash(1, a, b))});
  };
  for (std::uint32_t r = 1; r <= n * n; ++r) {
    const double share = ToUnit(Hash(2, 0, r));
    graph.sizes.push_back(100 + r % 7);
    graph.memberships.push_back(static_cast<float>(graph.sizes.back() * share));
    graph.memberships.push_back(static_cast<float>(graph.sizes.back() * (1 - share)));
    if (r % n != 0) add(r, r + 1);
    if (r + n <= n * n) add(r, r + n);
  }
  return graph;
}

TEST_CASE("two regions cost what the formula says") {
  const MergeCost cost;
  const RegionHierarchy hierarchy = MergeRegions(Row({1, 0}, {0.5}), cost, 0);
  REQUIRE(hierarchy.merges.size() == 1);
  const double unlike = std::log(2);  // J of two that share no class, w = 1/2
  CHECK(hierarchy.merges[0].height ==
        doctest::Approx(std::pow(0.5, cost.size) * (unlike + cost.unlike) *
                        std::pow(0.5 + cost.weak, cost.strength)));
}

TEST_CASE("like regions merge before unlike ones, weak borders before strong ones") {
  const RegionHierarchy unlike = MergeRegions(Row({0.9, 0.1, 0.15}, {0.3, 0.3}));
  CHECK(unlike.CutInto(2) == std::vector<std::uint32_t>{0, 1, 2, 2});
  const RegionHierarchy strong = MergeRegions(Row({0.5, 0.5, 0.5}, {0.1, 0.6}));
  CHECK(strong.CutInto(2) == std::vector<std::uint32_t>{0, 1, 1, 2});
}

TEST_CASE("heights never fall, and every merge joins two regions") {
  const RegionHierarchy hierarchy = MergeRegions(Grid(20));
  CHECK(hierarchy.merges.size() == 399);
  CHECK(std::ranges::is_sorted(hierarchy.merges, {}, &RegionMerge::height));
  for (const std::int64_t count : {1, 2, 17, 399, 400}) {
    const std::vector<std::uint32_t> regions = hierarchy.CutInto(count);
    CHECK(*std::ranges::max_element(regions) == count);
  }
}

TEST_CASE("relative heights: a last merge of cost c has height c to the power of what is left") {
  const RegionGraph graph = Grid(6);
  const double plain = MergeRegions(graph, {}, 0).merges.back().height;
  CHECK(MergeRegions(graph, {}, 0.3).merges.back().height == doctest::Approx(std::pow(plain, 0.7)));
}

TEST_CASE("regions apart stay apart, and a graph may be empty") {
  RegionGraph apart = Row({0.5, 0.5, 0.5}, {0.1});
  const RegionHierarchy hierarchy = MergeRegions(apart);
  CHECK(hierarchy.min_regions() == 2);
  CHECK(hierarchy.CutInto(1) == std::vector<std::uint32_t>{0, 1, 1, 2});
  CHECK(MergeRegions({}).num_leaves == 0);
}

}  // namespace
}  // namespace gmmseg
