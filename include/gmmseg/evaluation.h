// How good a segmentation is: a prediction against the truths of its image, images against the
// truths of a set, and settings against each other.
#pragma once

#include <gmmseg/contingency_table.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace gmmseg {

// Regions, whatever their numbers (see contingency_table.h); then boundaries; then classes, which
// have numbers.
enum class Measure {
  kCovering,
  kRandIndex,  // probabilistic
  kVariationOfInformation,
  kAdjustedRandIndex,
  kMutualInformation,  // normalised
  kAccuracy,           // of matched regions
  kBoundaryF,
  kDice,
  kJaccard,
  kHausdorff95,
};
inline constexpr std::size_t kNumMeasures = 10;
inline constexpr std::array<Measure, kNumMeasures> kMeasures = {Measure::kCovering,
                                                                Measure::kRandIndex,
                                                                Measure::kVariationOfInformation,
                                                                Measure::kAdjustedRandIndex,
                                                                Measure::kMutualInformation,
                                                                Measure::kAccuracy,
                                                                Measure::kBoundaryF,
                                                                Measure::kDice,
                                                                Measure::kJaccard,
                                                                Measure::kHausdorff95};

// "covering", "pri", "voi", "ari", "nmi", "accuracy", "boundary_f", "dice", "jaccard",
// "hausdorff95".
std::string_view ToString(Measure measure);

// Of the variation of information and the Hausdorff distance less is better, of all others more.
bool IsBetter(Measure measure, double a, double b);

// A value for each measure; nothing where there is none to reckon.
class Scores {
 public:
  std::optional<double>& operator[](Measure m) { return values_[static_cast<std::size_t>(m)]; }
  const std::optional<double>& operator[](Measure m) const {
    return values_[static_cast<std::size_t>(m)];
  }

 private:
  std::array<std::optional<double>, kNumMeasures> values_;
};

// Boundary pixels, and those that have gone with one of the other map. A pixel of the prediction
// counts once, and has gone with one where it did in any truth; the truths' are added up.
struct BoundaryCounts {
  std::int64_t predicted = 0, predicted_matched = 0, truth = 0, truth_matched = 0;

  double precision() const;         // 1 where nothing was predicted
  double recall() const;            // 1 where nothing was there
  std::optional<double> f() const;  // their harmonic mean; nothing where nothing was there
  BoundaryCounts& operator+=(const BoundaryCounts& other);
};

// Pixels of truths, and how many of them count as covered: of each region as many as its best
// overlap says (see BestOverlaps).
struct CoveringCounts {
  std::int64_t pixels = 0;
  double covered = 0;

  double share() const;
  CoveringCounts& operator+=(const CoveringCounts& other);
};

// A class of the truth, or one that is predicted and not there.
struct ClassScore {
  std::uint16_t label;  // the truth's number for it
  double dice = 0;      // 2 n_pt / (n_p + n_t)
  double jaccard = 0;   // n_pt / (n_p + n_t − n_pt)
  // The larger of the two 95th percentiles of the distances from the surface of one to the other's,
  // in pixels; nothing where the class lacks one. The surface of a class are its pixels that touch,
  // above, below, left or right, what is not of the class, or the image's edge.
  std::optional<double> hausdorff95;
};

struct TruthRegion {
  std::int64_t pixels = 0;
  double best_overlap = 0;  // see BestOverlaps
};

// A prediction against one truth. Dice, Jaccard and Hausdorff are means over the classes that have
// them.
struct TruthScores {
  Scores scores;
  BoundaryCounts boundary;
  std::vector<ClassScore> classes;   // ascending by label
  std::vector<TruthRegion> regions;  // ascending by label
};

// A prediction against all truths of its image: means over these, but for the covering and the
// boundary's F, which are those of the sums of all counts.
struct ImageScores {
  Scores scores;
  CoveringCounts covering;
  BoundaryCounts boundary;
  std::vector<TruthScores> truths;
};

// What makes a predicted class the same as one of the truth.
enum class ClassMatching {
  kNumber,   // its label. 0 is background and no class of its own
  kOverlap,  // most shared pixels in all, one with one, 0 like the others (see MatchRegions). Of
             // the truth 0 is no class; what is predicted and goes with none is none
  kNone,     // nothing: no Dice, no Jaccard, no Hausdorff
};
std::string_view ToString(ClassMatching matching);
ClassMatching ParseClassMatching(std::string_view word);  // throws ParameterError

// What a region of the prediction is, for the measures of regions; those of boundaries and classes
// are of its labels either way.
enum class PredictedRegions {
  kLabels,  // all pixels of a label
  kPieces,  // those of a label that steps to the 4 neighbours lead through
};

struct EvaluationOptions {
  // Pixels of this label in a truth are left out where that truth is concerned.
  std::optional<std::uint16_t> ignored_label;
  ClassMatching classes = ClassMatching::kNumber;
  PredictedRegions regions = PredictedRegions::kLabels;
  // Most distance of boundary pixels that go together, in diagonals of the image, 0…1.
  double boundary_tolerance = 0.0075;
};

// Of a volume, measures of boundaries and surfaces are left out, which are of one plane.
// Boundary pixels are those whose label differs from that of the next pixel to the right, below, or
// right and below, thinned (Guo, Hall 1989). They go together one with one, the nearest first, and
// then as many more as can within the tolerance (after Martin, Fowlkes, Malik 2004, whose matching
// is the shortest of those with the most pairs). Throws ParameterError as ContingencyTable does,
// where there is no truth, and for a tolerance out of range. Cost: linear in the pixels, but for
// those of boundaries and surfaces, and the matching of regions.
ImageScores Evaluate(const LabelMap& prediction, std::span<const LabelMap> truths,
                     const EvaluationOptions& options = {});

// Means over the images that have a value; the covering and the boundary's F are those of the sums
// of all counts, as the Berkeley benchmark has them, so that an image counts as often as it has
// truths.
Scores ScoresOfSet(std::span<const ImageScores> images);

// Several settings of a program on the same images.
struct SettingsScores {
  Scores optimal_dataset_scale;  // ODS: of the setting that is best for the set
  std::array<std::size_t, kNumMeasures>
      best_setting{};          // that one, by measure; the first of equals
  Scores optimal_image_scale;  // OIS: of each image's own best setting
  double best_covering = 0;    // each region of the truth covered by the best of any setting
};

// settings[s][i] is image i in setting s. Throws ParameterError where there is no setting or no
// image, or the settings differ in number of images, or their truths.
SettingsScores CompareSettings(std::span<const std::vector<ImageScores>> settings);

}  // namespace gmmseg
