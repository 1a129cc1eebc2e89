#include <gmmseg/errors.h>
#include <gmmseg/region_hierarchy.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "spatial/neighbour_pairs.h"

namespace gmmseg {
namespace {

// Which leaves are joined, and by the merge of which height. Linked by size, so that every path to
// a root is of logarithmic length; heights rise along it.
class JoinTree {
 public:
  explicit JoinTree(std::uint32_t num_leaves)
      : parent_(num_leaves + 1), height_(num_leaves + 1), size_(num_leaves + 1, 1) {
    std::iota(parent_.begin(), parent_.end(), 0u);
  }

  std::uint32_t Root(std::uint32_t leaf) const {
    while (parent_[leaf] != leaf) leaf = parent_[leaf];
    return leaf;
  }

  void Join(const RegionMerge& merge) {
    std::uint32_t large = Root(merge.kept), small = Root(merge.absorbed);
    if (size_[large] < size_[small]) std::swap(large, small);
    parent_[small] = large;
    height_[small] = merge.height;
    size_[large] += size_[small];
  }

  // At which two leaves of one root join.
  double JoinHeight(std::uint32_t a, std::uint32_t b) const {
    double height = 0;
    while (a != b) {
      // The lower of both steps up; a root never does.
      const bool first = parent_[b] == b || (parent_[a] != a && height_[a] <= height_[b]);
      std::uint32_t& lower = first ? a : b;
      if (parent_[lower] == lower) return 0;
      height = std::max(height, height_[lower]);
      lower = parent_[lower];
    }
    return height;
  }

 private:
  std::vector<std::uint32_t> parent_;
  std::vector<double> height_;  // of the join with the parent
  std::vector<std::uint32_t> size_;
};

std::size_t MergesBelow(const RegionHierarchy& hierarchy, double level) {
  return static_cast<std::size_t>(
      std::ranges::lower_bound(hierarchy.merges, level, {}, &RegionMerge::height) -
      hierarchy.merges.begin());
}

std::size_t MergesInto(const RegionHierarchy& hierarchy, std::int64_t num_regions) {
  return static_cast<std::size_t>(std::clamp<std::int64_t>(
      std::int64_t{hierarchy.num_leaves} - num_regions, 0, std::ssize(hierarchy.merges)));
}

std::vector<std::uint32_t> CutAfter(const RegionHierarchy& hierarchy, std::size_t num_merges) {
  JoinTree tree(hierarchy.num_leaves);
  for (std::size_t m = 0; m < num_merges; ++m) tree.Join(hierarchy.merges[m]);
  std::vector<std::uint32_t> region_of_root(hierarchy.num_leaves + 1), regions = region_of_root;
  std::uint32_t last = 0;
  for (std::uint32_t leaf = 1; leaf <= hierarchy.num_leaves; ++leaf) {
    std::uint32_t& region = region_of_root[tree.Root(leaf)];
    if (region == 0) region = ++last;
    regions[leaf] = region;
  }
  return regions;
}

// The number of the fewest decimal digits that is above `low` and at most `high`, which is > 0.
double ShortestDecimal(double low, double high) {
  constexpr int kMostDigits = 15;
  const int first = static_cast<int>(-std::floor(std::log10(high)));  // place of the first digit
  for (int place = first; place < first + kMostDigits; ++place) {
    const double unit = std::pow(10.0, std::abs(place));
    const double decimal =
        place > 0 ? std::floor(high * unit) / unit : std::floor(high / unit) * unit;
    if (decimal > low && decimal <= high) return decimal;
  }
  return high;
}

void Check(const RegionHierarchy& hierarchy, const std::vector<std::uint32_t>& leaves,
           std::int64_t width) {
  if (width < 1 || std::ssize(leaves) % width != 0)
    throw ParameterError("width = " + std::to_string(width) + " with " +
                         std::to_string(leaves.size()) + " pixels; must divide their number");
  const auto largest = std::ranges::max_element(leaves);
  if (largest != leaves.end() && *largest > hierarchy.num_leaves)
    throw ParameterError("leaf " + std::to_string(*largest) + "; the hierarchy has " +
                         std::to_string(hierarchy.num_leaves) + " leaves: give its own");
}

// The least float that is not below.
float RoundedUp(double height) {
  const auto nearest = static_cast<float>(height);
  return nearest < height ? std::nextafter(nearest, INFINITY) : nearest;
}

}  // namespace

std::uint32_t RegionHierarchy::NumRegionsAt(double level) const {
  return num_leaves - static_cast<std::uint32_t>(MergesBelow(*this, level));
}

std::vector<std::uint32_t> RegionHierarchy::CutAt(double level) const {
  return CutAfter(*this, MergesBelow(*this, level));
}

std::vector<std::uint32_t> RegionHierarchy::CutInto(std::int64_t num_regions) const {
  if (num_regions < 1)
    throw ParameterError("num_regions = " + std::to_string(num_regions) + "; must be >= 1");
  return CutAfter(*this, MergesInto(*this, num_regions));
}

double RegionHierarchy::LevelOf(std::int64_t num_regions) const {
  const std::size_t num_merges = MergesInto(*this, num_regions);
  if (num_merges == merges.size()) return INFINITY;
  return ShortestDecimal(num_merges == 0 ? 0 : merges[num_merges - 1].height,
                         merges[num_merges].height);
}

std::vector<float> ContourMap(const RegionHierarchy& hierarchy,
                              const std::vector<std::uint32_t>& leaves, std::int64_t width) {
  Check(hierarchy, leaves, width);
  JoinTree tree(hierarchy.num_leaves);
  for (const RegionMerge& merge : hierarchy.merges) tree.Join(merge);
  std::vector<float> contours(leaves.size());
  const auto raise = [&](std::int64_t i, std::int64_t j) {
    if (leaves[i] == leaves[j] || leaves[i] == 0 || leaves[j] == 0) return;
    contours[i] = std::max(contours[i], RoundedUp(tree.JoinHeight(leaves[i], leaves[j])));
  };
  VisitNeighbourPairs(Grid{width, std::ssize(leaves) / width}, raise);
  return contours;
}

}  // namespace gmmseg
