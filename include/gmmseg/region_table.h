// RegionTable: what can be said of each connected region.
#pragma once

#include <gmmseg/raster.h>

#include <cstdint>
#include <vector>

namespace gmmseg {

struct RegionEntry {
  std::uint32_t index = 0;  // the label, from 1; 0 is "no data" and never a region
  std::int64_t area = 0;    // pixels
  double x = 0, y = 0;      // centroid; pixel (0, 0) has its centre at 0, 0
  std::int64_t left = 0, top = 0, right = 0, bottom = 0;  // outermost pixels, inclusive
  std::vector<double> mean;                               // of each band, the raster's values
  std::vector<std::uint32_t> neighbours;  // regions that share a border with it, ascending
};

// Entry r - 1 is region r; regions are 1 to the largest label. Cost: one pass over the pixels and
// their bands, and a sort of the pairs across borders. Throws ParameterError for a number of labels
// that is not the raster's number of pixels, and for a volume.
std::vector<RegionEntry> DescribeRegions(const Raster& raster,
                                         const std::vector<std::uint32_t>& labels);

}  // namespace gmmseg
