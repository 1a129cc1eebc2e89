// Region adjacency graph: what merging needs to know of regions and of the borders between them.
#pragma once

#include <cstdint>
#include <vector>

#include "raster/plane.h"
#include "spatial/gradient.h"

namespace gmmseg {

// Between two regions, a < b.
struct RegionBorder {
  std::uint32_t a = 0, b = 0;
  double length = 0;    // pairs of neighbouring pixels, one on either side
  double strength = 0;  // sum, over these, of the larger of both pixels' strengths
};

// Region r, from 1, is entry r - 1.
struct RegionGraph {
  std::vector<double> sizes;          // pixels
  std::vector<float> memberships;     // per region K sums over its pixels
  std::vector<RegionBorder> borders;  // ascending by a, then by b

  std::uint32_t num_regions() const { return static_cast<std::uint32_t>(sizes.size()); }
  std::int64_t num_classes() const {
    return sizes.empty() ? 0 : std::ssize(memberships) / std::ssize(sizes);
  }
};

// `labels` are 0 (no data) to num_regions, row-major, neighbours the 4 nearest. The same bits for
// any number of threads. `field` has the labels' resolution divided by `factor`, rounded up. Cost:
// at most K additions per pixel, and a sort of the pairs across borders.
// Per region K sums of memberships over its pixels, as RegionGraph has them; `field` likewise.
std::vector<float> SumMemberships(const std::vector<std::uint32_t>& labels,
                                  std::uint32_t num_regions, std::int64_t width,
                                  const MembershipField& field, int factor);

RegionGraph BuildRegionGraph(const std::vector<std::uint32_t>& labels, std::uint32_t num_regions,
                             const Plane& strength, const MembershipField& field, int factor);

}  // namespace gmmseg
