// RegionHierarchy: regions within regions, from a fine partition to one piece.
#pragma once

#include <cstdint>
#include <vector>

namespace gmmseg {

// The region of `kept` takes in the region of `absorbed`; each is named by one of its leaves.
struct RegionMerge {
  std::uint32_t kept = 0, absorbed = 0;
  double height = 0;
};

// Leaves, the regions of the finest partition, are 1…num_leaves; 0 is no data. Cuts give, for each
// leaf, and 0 for no data, its region: 1, 2, … in the order of their first leaves.
struct RegionHierarchy {
  std::uint32_t num_leaves = 0;
  std::vector<RegionMerge> merges;  // heights never fall

  // Regions that no merge joins lie apart: a cut has at least as many.
  std::uint32_t min_regions() const {
    return num_leaves - static_cast<std::uint32_t>(merges.size());
  }
  std::uint32_t NumRegionsAt(double level) const;

  // After all merges of a height below the level.
  std::vector<std::uint32_t> CutAt(double level) const;
  // As close to that number of regions, >= 1, as min_regions() and num_leaves allow.
  std::vector<std::uint32_t> CutInto(std::int64_t num_regions) const;
  // The level that makes the same cut, with as few decimal digits as will do; infinite where all
  // merges are made. Where the merges before and after the cut have one height no level makes it,
  // and this is their height.
  double LevelOf(std::int64_t num_regions) const;
};

// The ultrametric contour map, row-major: of each pixel the largest height at which its leaf joins
// that of its right or its lower neighbour, 0 inside leaves and beside no data. A pixel whose value
// is at least the level lies on a border of CutAt(level). `leaves` holds the leaf of each pixel.
// Cost: a look-up in a tree of logarithmic depth per pixel on a border. Throws ParameterError for
// a number of pixels that is not a multiple of `width` and for leaves that are none. Reference:
// Arbeláez (2006), "Boundary extraction in natural images using ultrametric contour maps".
std::vector<float> ContourMap(const RegionHierarchy& hierarchy,
                              const std::vector<std::uint32_t>& leaves, std::int64_t width);

}  // namespace gmmseg
