#include <gmmseg/errors.h>
#include <gmmseg/evaluation.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "evaluate/boundary.h"
#include "evaluate/class_scores.h"
#include "spatial/pieces.h"

namespace gmmseg {
namespace {

CoveringCounts CountCovered(const std::vector<TruthRegion>& regions) {
  CoveringCounts counts;
  for (const TruthRegion& region : regions)
    counts += {region.pixels, region.best_overlap * static_cast<double>(region.pixels)};
  return counts;
}

class Mean {
 public:
  void Add(const std::optional<double>& value) {
    if (!value) return;
    sum_ += *value;
    ++count_;
  }
  std::optional<double> value() const {
    return count_ == 0 ? std::nullopt : std::optional(sum_ / static_cast<double>(count_));
  }

 private:
  double sum_ = 0;
  std::int64_t count_ = 0;
};

// Over parts that have scores.
template <typename Parts>
Scores MeanScores(const Parts& parts) {
  Scores scores;
  for (const Measure measure : kMeasures) {
    Mean mean;
    for (const auto& part : parts) mean.Add(part.scores[measure]);
    scores[measure] = mean.value();
  }
  return scores;
}

enum class BoundaryPixel : std::uint8_t { kNone, kAlone, kMatched };

// The prediction's boundary in all truths.
class PredictedBoundary {
 public:
  explicit PredictedBoundary(const LabelMap& map)
      : width_(map.width), pixels_(map.labels.size(), BoundaryPixel::kNone) {}

  void Add(PixelPlace place, BoundaryPixel pixel) {
    BoundaryPixel& known = pixels_[place.y * width_ + place.x];
    known = std::max(known, pixel);
  }

  std::int64_t NumMatched() const { return std::ranges::count(pixels_, BoundaryPixel::kMatched); }
  std::int64_t Num() const {
    return NumMatched() + std::ranges::count(pixels_, BoundaryPixel::kAlone);
  }

 private:
  std::int64_t width_;
  std::vector<BoundaryPixel> pixels_;
};

BoundaryCounts CompareBoundaries(const LabelGrid& prediction, const LabelGrid& truth,
                                 double tolerance, PredictedBoundary& all) {
  const std::vector<PixelPlace> predicted = BoundaryPixels(prediction);
  const std::vector<PixelPlace> wanted = BoundaryPixels(truth);
  const std::vector<int> matches = MatchBoundaries(
      predicted, wanted, tolerance * std::hypot(prediction.width(), prediction.height()));
  BoundaryCounts counts;
  counts.predicted = std::ssize(predicted);
  counts.truth = std::ssize(wanted);
  for (std::size_t i = 0; i < matches.size(); ++i) {
    const bool is_matched = matches[i] >= 0;
    counts.predicted_matched += is_matched;
    all.Add(predicted[i], is_matched ? BoundaryPixel::kMatched : BoundaryPixel::kAlone);
  }
  counts.truth_matched = counts.predicted_matched;
  return counts;
}

void AddClassMeans(const std::vector<ClassScore>& classes, Scores& scores) {
  Mean dice, jaccard, hausdorff;
  for (const ClassScore& score : classes) {
    dice.Add(score.dice);
    jaccard.Add(score.jaccard);
    hausdorff.Add(score.hausdorff95);
  }
  scores[Measure::kDice] = dice.value();
  scores[Measure::kJaccard] = jaccard.value();
  scores[Measure::kHausdorff95] = hausdorff.value();
}

// Of a region its label is its own; label 0, which is a region, too, has pieces like any other.
Pieces PiecesOf(const LabelMap& map) {
  std::vector<std::uint32_t> from_1(map.labels.begin(), map.labels.end());
  for (std::uint32_t& label : from_1) ++label;
  return FindPieces({map.width, map.height, map.depth}, std::span<const std::uint32_t>(from_1));
}

std::vector<ClassScore> ScoreClasses(const LabelMap& prediction, const LabelMap& truth,
                                     const EvaluationOptions& options,
                                     const std::optional<LabelGrids>& grids) {
  if (options.classes == ClassMatching::kNone) return {};
  const ContingencyTable table(prediction, truth, options.ignored_label);
  return ScoreClasses(table, options.classes, MatchRegions(table), grids);
}

TruthScores ScoreAgainst(const LabelMap& prediction, const RegionMap& pieces, const LabelMap& truth,
                         const EvaluationOptions& options, PredictedBoundary& boundary) {
  const ContingencyTable table = pieces.labels.empty()
                                     ? ContingencyTable(prediction, truth, options.ignored_label)
                                     : ContingencyTable(pieces, truth, options.ignored_label);
  const std::optional<std::vector<int>> matches = MatchRegions(table);
  std::optional<LabelGrids> grids;  // of one plane
  if (truth.depth == 1)
    grids = {LabelGrid(prediction, truth, options.ignored_label),
             LabelGrid(truth, truth, options.ignored_label)};

  TruthScores result;
  const std::vector<double> overlaps = BestOverlaps(table);
  for (std::size_t t = 0; t < overlaps.size(); ++t)
    result.regions.push_back({table.truths()[t].pixels, overlaps[t]});
  if (grids)
    result.boundary =
        CompareBoundaries(grids->prediction, grids->truth, options.boundary_tolerance, boundary);
  result.classes = pieces.labels.empty() ? ScoreClasses(table, options.classes, matches, grids)
                                         : ScoreClasses(prediction, truth, options, grids);

  Scores& scores = result.scores;
  scores[Measure::kCovering] = SegmentationCovering(table);
  scores[Measure::kRandIndex] = RandIndex(table);
  scores[Measure::kVariationOfInformation] = VariationOfInformation(table);
  scores[Measure::kAdjustedRandIndex] = AdjustedRandIndex(table);
  scores[Measure::kMutualInformation] = NormalizedMutualInformation(table);
  if (matches) scores[Measure::kAccuracy] = MatchedAccuracy(table, *matches);
  scores[Measure::kBoundaryF] = result.boundary.f();
  AddClassMeans(result.classes, scores);
  return result;
}

void CheckOptions(const EvaluationOptions& options) {
  const double tolerance = options.boundary_tolerance;
  if (!(tolerance >= 0 && tolerance <= 1))
    throw ParameterError(
        Format("boundary_tolerance = %g; must be 0 to 1, in diagonals of the image", tolerance));
}

}  // namespace

ImageScores Evaluate(const LabelMap& prediction, std::span<const LabelMap> truths,
                     const EvaluationOptions& options) {
  CheckOptions(options);
  if (truths.empty()) throw ParameterError("there is no truth to hold the prediction against");
  ImageScores image;
  PredictedBoundary boundary(prediction);
  Pieces pieces;
  if (options.regions == PredictedRegions::kPieces) pieces = PiecesOf(prediction);
  const RegionMap piece_map{prediction.width, prediction.height, pieces.of_pixel, prediction.depth};
  for (const LabelMap& truth : truths) {
    image.truths.push_back(ScoreAgainst(prediction, piece_map, truth, options, boundary));
    image.covering += CountCovered(image.truths.back().regions);
    image.boundary += image.truths.back().boundary;
  }
  image.boundary.predicted = boundary.Num();
  image.boundary.predicted_matched = boundary.NumMatched();
  image.scores = MeanScores(image.truths);
  image.scores[Measure::kCovering] = image.covering.share();
  image.scores[Measure::kBoundaryF] = image.boundary.f();
  return image;
}

Scores ScoresOfSet(std::span<const ImageScores> images) {
  Scores scores = MeanScores(images);
  if (images.empty()) return scores;
  CoveringCounts covering;
  BoundaryCounts boundary;
  for (const ImageScores& image : images) {
    covering += image.covering;
    boundary += image.boundary;
  }
  scores[Measure::kCovering] = covering.share();
  scores[Measure::kBoundaryF] = boundary.f();
  return scores;
}

}  // namespace gmmseg
