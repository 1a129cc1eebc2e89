#include <gmmseg/errors.h>
#include <gmmseg/regions.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "base/stopwatch.h"
#include "base/text.h"
#include "segment/region_colors.h"
#include "segment/region_memberships.h"
#include "segment/region_refinement.h"
#include "spatial/boundaries.h"
#include "spatial/merge_regions.h"
#include "spatial/region_graph.h"
#include "spatial/watershed.h"

namespace gmmseg {
namespace {

constexpr double kBestHeight = 0.16;  // as MergeRegions gives heights: see RegionOptions::level

void CheckImage(const Raster& raster) {
  if (raster.num_pixels() == 0) throw ParameterError("the image has no pixels; give one that has");
  if (raster.depth() > 1)
    throw ParameterError(Count(raster.depth(), "slice", "slices") +
                         " in the image; regions are found in one slice");
}

int ReductionFor(const Raster& raster) {
  const double ratio =
      static_cast<double>(raster.num_pixels()) / static_cast<double>(kMostRegionPixels);
  return std::max(1, static_cast<int>(std::ceil(std::sqrt(ratio))));
}

// Leaves of 257 pixels, as 600 in 481 × 321; up to 300 smaller ones in small images, of at least 9.
std::int64_t NumMarkers(std::int64_t num_pixels) {
  return std::max({num_pixels / 257, std::min<std::int64_t>(num_pixels / 9, 300), std::int64_t{1}});
}

// The leaf of each pixel of the reduced image, and their hierarchy.
std::vector<std::uint32_t> BuildHierarchy(const PlaneStack& colors, const RegionOptions& options,
                                          Regions& regions) {
  MembershipField field = RegionMemberships(colors, options, regions.seconds);
  Stopwatch watch;
  const Boundaries boundaries = FindBoundaries(colors, field);
  regions.seconds.boundaries = watch.Lap();
  std::vector<std::uint32_t> leaves = GridMarkers(colors.weight, NumMarkers(colors.weight.size()));
  const std::uint32_t num_leaves = Flood(boundaries.relief, colors.weight, leaves);
  regions.hierarchy = MergeRegions(
      BuildRegionGraph(leaves, num_leaves, boundaries.strength, field, kMembershipFactor));
  for (RegionMerge& merge : regions.hierarchy.merges) merge.height /= kBestHeight;
  if (options.memberships == Memberships::kKeep)
    regions.memberships = std::make_shared<const MembershipField>(std::move(field));
  regions.seconds.merging = watch.Lap();
  return leaves;
}

}  // namespace

void CheckRegionOptions(const RegionOptions& options) {
  if (options.num_regions && *options.num_regions < 1)
    throw ParameterError("num_regions = " + std::to_string(*options.num_regions) +
                         "; must be >= 1");
  if (!(options.level > 0)) throw ParameterError(Format("level = %g; must be > 0", options.level));
  if (options.num_components < 1 || options.num_components > kMostRegionComponents)
    throw ParameterError("num_components = " + std::to_string(options.num_components) +
                         "; must be 1 to " + std::to_string(kMostRegionComponents));
  if (options.num_mixtures < 1)
    throw ParameterError("num_mixtures = " + std::to_string(options.num_mixtures) +
                         "; must be >= 1");
}

Regions SegmentRegions(const Raster& raster, const RegionOptions& options) {
  CheckRegionOptions(options);
  CheckImage(raster);
  Stopwatch watch;
  Regions regions;
  regions.options = options;
  regions.width = raster.width();
  regions.height = raster.height();
  PlaneStack colors = ColorPlanesOf(raster);
  regions.leaves.resize(raster.num_pixels());
  regions.labels.resize(raster.num_pixels());
  regions.num_valid = std::ranges::count_if(colors.weight.values, [](float w) { return w > 0; });
  regions.seconds.features = watch.Lap();
  if (regions.num_valid == 0) return regions;

  const int factor = regions.reduction = ReductionFor(raster);
  if (factor == 1) {
    regions.leaves = BuildHierarchy(colors, options, regions);
    watch.Lap();
  } else {
    const PlaneStack reduced = Reduced(colors, factor);
    const std::vector<std::uint32_t> leaves = BuildHierarchy(reduced, options, regions);
    watch.Lap();
    regions.leaves = Refined(leaves, factor, regions.hierarchy.num_leaves, colors);
  }
  const RegionHierarchy& hierarchy = regions.hierarchy;
  regions.level = options.num_regions ? hierarchy.LevelOf(*options.num_regions) : options.level;
  const std::vector<std::uint32_t> region_of = options.num_regions
                                                   ? hierarchy.CutInto(*options.num_regions)
                                                   : hierarchy.CutAt(options.level);
  std::ranges::transform(regions.leaves, regions.labels.begin(),
                         [&](std::uint32_t leaf) { return region_of[leaf]; });
  regions.table = DescribeRegions(raster, regions.labels);
  regions.seconds.labels = watch.Lap();
  return regions;
}

}  // namespace gmmseg
