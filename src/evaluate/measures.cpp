#include <gmmseg/evaluation.h>

#include "base/words.h"

namespace gmmseg {
namespace {

constexpr Word<Measure> kMeasureWords[] = {
    {Measure::kCovering, "covering"},
    {Measure::kRandIndex, "pri"},
    {Measure::kVariationOfInformation, "voi"},
    {Measure::kAdjustedRandIndex, "ari"},
    {Measure::kMutualInformation, "nmi"},
    {Measure::kAccuracy, "accuracy"},
    {Measure::kBoundaryF, "boundary_f"},
    {Measure::kDice, "dice"},
    {Measure::kJaccard, "jaccard"},
    {Measure::kHausdorff95, "hausdorff95"},
};

constexpr Word<ClassMatching> kMatchingWords[] = {
    {ClassMatching::kNumber, "number"},
    {ClassMatching::kOverlap, "overlap"},
    {ClassMatching::kNone, "none"},
};

// Nothing wanted, nothing missed.
double Share(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 1.0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::string_view ToString(Measure measure) { return ToWord(measure, kMeasureWords); }

bool IsBetter(Measure measure, double a, double b) {
  const bool less_is_better =
      measure == Measure::kVariationOfInformation || measure == Measure::kHausdorff95;
  return less_is_better ? a < b : a > b;
}

std::string_view ToString(ClassMatching matching) { return ToWord(matching, kMatchingWords); }

ClassMatching ParseClassMatching(std::string_view word) {
  return FromWord(word, kMatchingWords, "classes");
}

double CoveringCounts::share() const { return covered / static_cast<double>(pixels); }

CoveringCounts& CoveringCounts::operator+=(const CoveringCounts& other) {
  pixels += other.pixels;
  covered += other.covered;
  return *this;
}

double BoundaryCounts::precision() const { return Share(predicted_matched, predicted); }

double BoundaryCounts::recall() const { return Share(truth_matched, truth); }

std::optional<double> BoundaryCounts::f() const {
  if (truth == 0) return std::nullopt;
  const double sum = precision() + recall();
  return sum == 0 ? 0.0 : 2 * precision() * recall() / sum;
}

BoundaryCounts& BoundaryCounts::operator+=(const BoundaryCounts& other) {
  predicted += other.predicted;
  predicted_matched += other.predicted_matched;
  truth += other.truth;
  truth_matched += other.truth_matched;
  return *this;
}

}  // namespace gmmseg
