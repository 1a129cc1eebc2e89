#include "spatial/region_graph.h"

#include <oneapi/tbb/parallel_for.h>

#include <algorithm>

#include "spatial/neighbour_pairs.h"

namespace gmmseg {
namespace {

std::vector<double> CountSizes(const std::vector<std::uint32_t>& labels,
                               std::uint32_t num_regions) {
  std::vector<double> sizes(num_regions);
  for (const std::uint32_t label : labels)
    if (label > 0) ++sizes[label - 1];
  return sizes;
}

// How many pixels of one label a block has.
struct BlockShare {
  std::int64_t block;
  std::uint32_t label;
  float count;
};

void CountBlock(const std::vector<std::uint32_t>& labels, std::int64_t width, std::int64_t block,
                std::int64_t x, std::int64_t y, int factor, std::vector<BlockShare>& shares) {
  const std::size_t first = shares.size();
  const std::int64_t height = std::ssize(labels) / width;
  for (std::int64_t v = y; v < std::min(y + factor, height); ++v)
    for (std::int64_t u = x; u < std::min(x + factor, width); ++u) {
      const std::uint32_t label = labels[v * width + u];
      if (label == 0) continue;
      const auto known =
          std::find_if(shares.begin() + static_cast<std::ptrdiff_t>(first), shares.end(),
                       [label](const BlockShare& share) { return share.label == label; });
      if (known == shares.end())
        shares.push_back({block, label, 1});
      else
        ++known->count;
    }
}

std::vector<BlockShare> BlockShares(const std::vector<std::uint32_t>& labels, std::int64_t width,
                                    const MembershipField& field, int factor) {
  std::vector<BlockShare> shares;
  for (std::int64_t row = 0; row < field.height(); ++row)
    for (std::int64_t column = 0; column < field.width(); ++column)
      CountBlock(labels, width, row * field.width() + column, column * factor, row * factor, factor,
                 shares);
  return shares;
}

// One entry per pair of pixels across a border, row by row.
std::vector<RegionBorder> PixelPairs(const std::vector<std::uint32_t>& labels,
                                     const Plane& strength) {
  std::vector<RegionBorder> pairs;
  const auto add = [&](std::int64_t i, std::int64_t j) {
    const auto [a, b] = std::minmax(labels[i], labels[j]);
    if (a != b && a > 0)
      pairs.push_back({a, b, 1, std::max(strength.values[i], strength.values[j])});
  };
  VisitNeighbourPairs(GridOf(strength), add);
  return pairs;
}

std::vector<RegionBorder> JoinPairs(std::vector<RegionBorder> pairs) {
  std::ranges::stable_sort(
      pairs, {}, [](const RegionBorder& pair) { return std::uint64_t{pair.a} << 32 | pair.b; });
  std::vector<RegionBorder> borders;
  for (const RegionBorder& pair : pairs) {
    if (borders.empty() || borders.back().a != pair.a || borders.back().b != pair.b) {
      borders.push_back(pair);
      continue;
    }
    borders.back().length += pair.length;
    borders.back().strength += pair.strength;
  }
  return borders;
}

}  // namespace

std::vector<float> SumMemberships(const std::vector<std::uint32_t>& labels,
                                  std::uint32_t num_regions, std::int64_t width,
                                  const MembershipField& field, int factor) {
  const std::vector<BlockShare> shares = BlockShares(labels, width, field, factor);
  const std::size_t num_classes = field.planes.size();
  std::vector<float> sums(num_classes * num_regions);
  tbb::parallel_for(std::size_t{0}, num_classes, [&](std::size_t k) {
    const float* const plane = field.planes[k].values.data();
    std::vector<double> of_class(num_regions);
    for (const BlockShare& share : shares)
      of_class[share.label - 1] += share.count * plane[share.block];
    for (std::size_t r = 0; r < num_regions; ++r)
      sums[r * num_classes + k] = static_cast<float>(of_class[r]);
  });
  return sums;
}

RegionGraph BuildRegionGraph(const std::vector<std::uint32_t>& labels, std::uint32_t num_regions,
                             const Plane& strength, const MembershipField& field, int factor) {
  return {CountSizes(labels, num_regions),
          SumMemberships(labels, num_regions, strength.width, field, factor),
          JoinPairs(PixelPairs(labels, strength))};
}

}  // namespace gmmseg
