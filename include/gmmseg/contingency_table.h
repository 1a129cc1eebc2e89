// Two label maps of one image, pixel by pixel: how often each pair of labels meets, and what can be
// reckoned from these counts alone. A region is all pixels of one label, wherever they lie; the
// numbers of the labels mean nothing here, and 0 is a region like any other.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace gmmseg {

// One label per pixel, row-major, width × height × depth of them; it does not own them.
struct LabelMap {
  std::int64_t width = 0, height = 0;
  std::span<const std::uint16_t> labels;
  std::int64_t depth = 1;
};

// The same of regions that are numbered finer than labels can tell, such as the connected pieces of
// these.
struct RegionMap {
  std::int64_t width = 0, height = 0;
  std::span<const std::uint32_t> labels;
  std::int64_t depth = 1;
};

// What n pixels have in the prediction and in the truth, n_pt of them the labels p and t.
class ContingencyTable {
 public:
  struct Region {
    std::uint32_t label;
    std::int64_t pixels;  // n_p or n_t
  };
  // A prediction's and a truth's region that share pixels.
  struct Overlap {
    int prediction, truth;  // where they stand in predictions() and truths()
    std::int64_t pixels;    // n_pt, at least 1
  };

  // Pixels that are `ignored` in the truth are left out. Throws ParameterError where the maps have
  // different sizes, spans that do not suit them, or no pixel that counts. Cost: one pass.
  ContingencyTable(const LabelMap& prediction, const LabelMap& truth,
                   std::optional<std::uint16_t> ignored = {});
  ContingencyTable(const RegionMap& prediction, const LabelMap& truth,
                   std::optional<std::uint16_t> ignored = {});

  std::int64_t num_pixels() const { return num_pixels_; }
  const std::vector<Region>& predictions() const { return predictions_; }  // ascending by label
  const std::vector<Region>& truths() const { return truths_; }            // ascending by label
  const std::vector<Overlap>& overlaps() const { return overlaps_; }  // by prediction, then truth

 private:
  template <typename Map>
  void Count(const Map& prediction, const LabelMap& truth, std::optional<std::uint16_t> ignored);

  std::int64_t num_pixels_ = 0;
  std::vector<Region> predictions_, truths_;
  std::vector<Overlap> overlaps_;
};

// How well the best of the predicted regions covers each of the truth, 0…1: the largest
// n_pt / (n_p + n_t − n_pt) over p. One per region of the truth.
// Reference: Arbeláez, Maire, Fowlkes, Malik 2011, section 3.1.3.
std::vector<double> BestOverlaps(const ContingencyTable& table);

// Their mean, weighted by n_t: the covering of the truth by the prediction, 0…1.
double SegmentationCovering(const ContingencyTable& table);

// The share of the pairs of pixels that are together in both maps or apart in both, 0…1; 1 where
// there is no pair. Its mean over truths is the probabilistic Rand index of Unnikrishnan,
// Pantofaru, Hebert 2007.
double RandIndex(const ContingencyTable& table);

// The Rand index adjusted for chance, 1 for the same regions, about 0 for independent ones.
// Reference: Hubert, Arabie 1985, eq. 5.
double AdjustedRandIndex(const ContingencyTable& table);

// H(prediction | truth) + H(truth | prediction) in bits, 0 for the same regions.
// Reference: Meila 2005.
double VariationOfInformation(const ContingencyTable& table);

// The mutual information over the arithmetic mean of the two entropies, 0…1; 1 where both maps are
// one region.
double NormalizedMutualInformation(const ContingencyTable& table);

// The truth's region that each predicted region is matched with, none twice, so that the matched
// regions share the most pixels in all: where it stands in truths(), or -1. Nothing where there are
// too many regions for that, n²·m > 4e9 for n and m of them. Reference: Kuhn 1955.
std::optional<std::vector<int>> MatchRegions(const ContingencyTable& table);

// The share of the pixels that matched regions share, 0…1.
double MatchedAccuracy(const ContingencyTable& table, const std::vector<int>& matches);

}  // namespace gmmseg
