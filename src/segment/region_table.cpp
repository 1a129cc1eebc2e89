#include <gmmseg/errors.h>
#include <gmmseg/region_table.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/text.h"
#include "spatial/neighbour_pairs.h"

namespace gmmseg {
namespace {

void Check(const Raster& raster, const std::vector<std::uint32_t>& labels) {
  if (raster.depth() > 1)
    throw ParameterError(Count(raster.depth(), "slice", "slices") +
                         " in the image; regions are those of one slice");
  if (std::ssize(labels) != raster.num_pixels())
    throw ParameterError(std::to_string(labels.size()) + " labels; the image has " +
                         std::to_string(raster.num_pixels()) + " pixels: give one label for each");
}

void AddPixel(std::int64_t x, std::int64_t y, RegionEntry& region) {
  if (region.area == 0) {
    region.left = region.right = x;
    region.top = y;
  }
  ++region.area;
  region.x += static_cast<double>(x);
  region.y += static_cast<double>(y);
  region.left = std::min(region.left, x);
  region.right = std::max(region.right, x);
  region.bottom = y;
}

void SumBands(const Raster& raster, const std::vector<std::uint32_t>& labels,
              std::vector<RegionEntry>& regions) {
  for (RegionEntry& region : regions) region.mean.resize(raster.num_bands());
  for (int b = 0; b < raster.num_bands(); ++b)
    raster.VisitBand(b, [&](const auto* values) {
      for (std::size_t i = 0; i < labels.size(); ++i)
        if (labels[i] > 0) regions[labels[i] - 1].mean[b] += static_cast<double>(values[i]);
    });
}

void DivideByArea(std::vector<RegionEntry>& regions) {
  for (RegionEntry& region : regions) {
    const double area = static_cast<double>(std::max<std::int64_t>(region.area, 1));
    region.x /= area;
    region.y /= area;
    for (double& mean : region.mean) mean /= area;
  }
}

using Pair = std::pair<std::uint32_t, std::uint32_t>;

// Both ways, ascending.
std::vector<Pair> NeighbourPairs(const std::vector<std::uint32_t>& labels, const Grid& grid) {
  std::vector<Pair> pairs;
  const auto add = [&](std::int64_t i, std::int64_t j) {
    const std::uint32_t a = labels[i], b = labels[j];
    if (a == b || a == 0 || b == 0) return;
    pairs.emplace_back(a, b);
    pairs.emplace_back(b, a);
  };
  VisitNeighbourPairs(grid, add);
  std::ranges::sort(pairs);
  const auto repeated = std::ranges::unique(pairs);
  pairs.erase(repeated.begin(), repeated.end());
  return pairs;
}

}  // namespace

std::vector<RegionEntry> DescribeRegions(const Raster& raster,
                                         const std::vector<std::uint32_t>& labels) {
  Check(raster, labels);
  std::vector<RegionEntry> regions(labels.empty() ? 0 : std::ranges::max(labels));
  for (std::size_t r = 0; r < regions.size(); ++r)
    regions[r].index = static_cast<std::uint32_t>(r + 1);
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i)
    if (labels[i] > 0) AddPixel(i % raster.width(), i / raster.width(), regions[labels[i] - 1]);
  SumBands(raster, labels, regions);
  DivideByArea(regions);
  for (const auto& [region, neighbour] : NeighbourPairs(labels, {raster.width(), raster.height()}))
    regions[region - 1].neighbours.push_back(neighbour);
  return regions;
}

}  // namespace gmmseg
