// Feature pool: the samples of many rasters as if they were one, for a model that all share.
#pragma once

#include <gmmseg/features.h>
#include <gmmseg/ranks.h>
#include <gmmseg/raster.h>

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/tree_sum.h"

namespace gmmseg {

// Rasters whose colours can be told apart by the same numbers.
struct RasterKind {
  int num_bands = 0;
  SampleType type = SampleType::kUint8;
  ColorModel color_model = ColorModel::kGray;
  double white = 255;

  auto operator<=>(const RasterKind&) const = default;
};

struct CountedColor {
  std::uint64_t key;  // the bands' values side by side, the first band's highest
  std::uint64_t count;
};

class FeaturePool {
 public:
  enum class Content {
    kColors,  // every distinct colour with its count: exact
    kSample,  // pixels whose hash falls below a bound: every pixel has the same chance
  };
  // Whether pixels count by weights of their own, which colours cannot hold.
  enum class Weights { kNone, kOfPixels };
  struct Plan {
    Content content = Content::kColors;
    double chance = 1;  // of a pixel to be in the sample
    std::uint64_t seed = 0;
    Weights weights = Weights::kNone;
  };

  // Colours where features depend on colour alone, every kind has integers of at most 64 bits in
  // all, every pixel that counts is whole and counts as one, and the colours that so many pixels
  // can have fit into `memory` bytes; otherwise a sample of at most 2^20 pixels, fewer where memory
  // holds no more. `pixels` are counts by kind.
  static Plan PlanFor(const FeatureSpec& spec, const std::map<RasterKind, std::int64_t>& pixels,
                      Weights weights, std::int64_t memory, std::uint64_t seed);

  FeaturePool(const FeatureSpec& spec, const Plan& plan) : spec_(spec), plan_(plan) {}

  // What one raster adds.
  struct Part {
    FeatureLayout layout;
    RasterKind kind;
    std::vector<CountedColor> colors;  // ascending
    std::vector<float> rows;           // of the sample: D values each, the user's units
    std::vector<double> row_weights;   // of these, where the plan has weights
    std::int64_t num_valid = 0;
    Eigen::MatrixXd floor;
    ScribbledClasses scribbled;
  };
  // From any number of threads; `identity` makes the pixels of different rasters different. Throws
  // ParameterError as DescribeFeatures does.
  Part Extract(const Raster& raster, std::uint64_t identity) const;
  // Parts by their places, in ascending order, each once. Throws ParameterError where the features
  // are not those of the first part.
  void Add(Part part, std::int64_t place);
  // As if a part of that raster's kind, without a pixel, had been the first.
  void Expect(const Raster& raster);

  // What all ranks have added, each those places that are its share; on all of them. False, and the
  // pool is of no use, where `fits` is false on one of them or the colours do not fit into `memory`
  // bytes. Every rank has added or expects something.
  bool Unite(Ranks& ranks, std::int64_t memory, bool fits);

  bool empty() const { return num_valid_ == 0; }
  // Whether the colours so far, and what the fit needs of them, fit into so many bytes.
  bool FitsInto(std::int64_t memory);
  std::int64_t num_sampled() const;  // pixels of a sample so far
  // All of it as planes, standardised, without `entry`; empties the pool. num_valid counts all
  // pixels, also those that the sample left out.
  FeaturePlanes Take();

 private:
  void ExtractColors(const Raster& raster, Part& part) const;
  void ExtractPicked(const Raster& raster, std::uint64_t identity, Part& part) const;
  void ExtractSamples(const Raster& raster, std::uint64_t identity, Part& part) const;
  bool IsInSample(std::uint64_t identity, std::int64_t pixel) const;
  std::string Bytes() const;
  void Join(const std::string& bytes);
  void Clear();
  void AddColors(const RasterKind& kind, std::vector<CountedColor> colors);
  void MergeAllRuns();
  Samples TakeColors();
  Samples TakeRows();

  FeatureSpec spec_;
  Plan plan_;
  std::optional<FeatureLayout> layout_;
  // Ascending runs, each more than twice as long as the next: so that merging costs little in all.
  std::map<RasterKind, std::vector<std::vector<CountedColor>>> runs_;
  std::vector<float> rows_;
  std::vector<double> row_weights_;  // of these, or none
  std::int64_t num_valid_ = 0;
  TreeSum<Eigen::MatrixXd> weighted_floor_;
  std::map<int, TreeSum<ScribbledClass>> scribbled_;  // by number
};

}  // namespace gmmseg
