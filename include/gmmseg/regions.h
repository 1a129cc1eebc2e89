// Connected regions: an over-fitted mixture says what pixels hold, their posteriors' and colours'
// gradients where regions end, and merging neighbours makes a hierarchy that is cut where it is
// asked for.
#pragma once

#include <gmmseg/raster.h>
#include <gmmseg/region_hierarchy.h>
#include <gmmseg/region_table.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace gmmseg {

// What share of each pixel each component of the mixtures has.
struct MembershipField;
enum class Memberships { kForget, kKeep };

inline constexpr int kMostRegionComponents = 1024;

struct RegionOptions {
  // Regions asked for, >= 1; pixels without data may part the image into more, and there are no
  // more than leaves: one for about 257 pixels looked at, or in small images for 9. Empty: as many
  // as there are at `level`.
  std::optional<std::int64_t> num_regions;
  // Merges below this height are made, > 0; smaller gives more regions. 1 has the best covering
  // of human segmentations on 100 natural photographs (BSDS500's validation images).
  double level = 1;
  int num_components = 40;  // of each mixture, 1…kMostRegionComponents
  // Mixtures, from different starts and different pixels, whose posteriors stand side by side, >=
  // 1: the more, the less a region depends on chance.
  int num_mixtures = 2;
  std::uint64_t seed = 0;
  Memberships memberships = Memberships::kForget;  // whether RegionPosteriors can be had
};

struct RegionSeconds {
  double features = 0, fit = 0, posteriors = 0, boundaries = 0, merging = 0, labels = 0;
};

struct Regions {
  RegionOptions options;  // that they were made with
  std::int64_t width = 0, height = 0;
  RegionHierarchy hierarchy;
  std::vector<std::uint32_t> leaves;  // row-major: the hierarchy's leaf of each pixel; 0 = no data
  std::vector<std::uint32_t> labels;  // row-major: 0 = no data, 1…R = region, by its first leaf
  std::vector<RegionEntry> table;     // R
  // The cut: merges below it are made; where a number was asked for, the height of the first that
  // is not, and equals of it may be. Infinite where all are made.
  double level = 0;
  // Where they are kept: those of means over blocks of 2 · reduction pixels either way.
  std::shared_ptr<const MembershipField> memberships;
  int reduction = 1;
  std::int64_t num_valid = 0;  // pixels with data
  RegionSeconds seconds;

  std::int64_t num_regions() const { return std::ssize(table); }
};

// Throws ParameterError for options out of range.
void CheckRegionOptions(const RegionOptions& options);

// Any raster of one slice: colour and grey of integers by CIE L*a*b*, other bands by their up to 6
// principal components. The mixtures see colour, smoothed at sigma = 1, and ln(2 + local standard
// deviation) of the first colour plane at sigma = 2 and 5, at half the resolution; see Boundaries
// and MergeCost for what follows. Images of more than 2^19 pixels are looked at in means over
// square blocks of pixels, and the borders then drawn at full resolution. No valid pixel is no
// error: all labels are 0. Regions are connected, by the 4 neighbours, in images of at most
// 2^19 pixels; in larger ones a border that is drawn anew may cut a piece off. Deterministic: the
// same bits for any number of threads. Cost: linear in pixels × components × mixtures, and 2 bytes
// for each of these beside 40 bytes per pixel. Throws ParameterError as CheckRegionOptions
// does, and for a volume.
Regions SegmentRegions(const Raster& raster, const RegionOptions& options = {});

}  // namespace gmmseg
