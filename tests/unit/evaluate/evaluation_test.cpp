#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/evaluation.h>

#include "test_maps.h"

namespace gmmseg {
namespace {

TruthScores ScoreOne(const OwnedMap& prediction, const OwnedMap& truth,
                     const EvaluationOptions& options = {}) {
  return Evaluate(prediction.view(), std::vector{truth.view()}, options).truths.front();
}

EvaluationOptions By(ClassMatching matching) {
  EvaluationOptions options;
  options.classes = matching;
  return options;
}

}  // namespace

TEST_CASE("classes by number: Dice, Jaccard and Hausdorff are NumPy's and SciPy's, 0 is none") {
  const std::vector<ClassScore> classes = ScoreOne(Predicted(), Truth()).classes;
  REQUIRE(classes.size() == 5);
  CHECK(classes[0].label == 1);
  CHECK(classes[0].dice == doctest::Approx(0.2561576354679803));
  CHECK(classes[1].jaccard == doctest::Approx(0.13559322033898305));
  CHECK(classes[2].hausdorff95.value() == doctest::Approx(10.0));
  CHECK(classes[4].label == 5);  // predicted, and not there
  CHECK(classes[4].dice == 0);
  CHECK_FALSE(classes[4].hausdorff95);
}

TEST_CASE("classes by overlap: those of SciPy's linear_sum_assignment, and no others") {
  const TruthScores scores = ScoreOne(Predicted(), Truth(), By(ClassMatching::kOverlap));
  REQUIRE(scores.classes.size() == 3);
  CHECK(scores.classes[0].label == 1);
  CHECK(scores.classes[0].dice == doctest::Approx(0.7053140096618358));
  CHECK(scores.classes[1].dice == doctest::Approx(0.6514285714285715));
  CHECK(scores.classes[2].dice == doctest::Approx(0.5925925925925926));
  CHECK(scores.classes[0].hausdorff95.value() == doctest::Approx(2.413775721673708));
  CHECK(scores.classes[2].hausdorff95.value() == doctest::Approx(4.0));
  CHECK(scores.scores[Measure::kDice].value() ==
        doctest::Approx((0.7053140096618358 + 0.6514285714285715 + 0.5925925925925926) / 3));
}

TEST_CASE("classes: ignored pixels are in none, say NumPy and SciPy") {
  EvaluationOptions options;
  options.ignored_label = 2;
  const std::vector<ClassScore> classes = ScoreOne(Predicted(), Truth(), options).classes;
  REQUIRE(classes.size() == 5);
  CHECK(classes[2].label == 3);
  CHECK(classes[2].dice == doctest::Approx(0.1308411214953271));
  CHECK(classes[2].hausdorff95.value() == doctest::Approx(10.002493781056044));
}

TEST_CASE("classes: without matching there are none, and no scores of them") {
  const TruthScores scores = ScoreOne(Predicted(), Truth(), By(ClassMatching::kNone));
  CHECK(scores.classes.empty());
  CHECK_FALSE(scores.scores[Measure::kDice]);
  CHECK_FALSE(scores.scores[Measure::kHausdorff95]);
  CHECK(scores.scores[Measure::kCovering]);
}

TEST_CASE("several truths: the means, and each boundary pixel that any truth has") {
  const OwnedMap prediction = Predicted(), truth = Truth(), flat = Constant(24, 17, 1);
  EvaluationOptions options;
  options.boundary_tolerance = 0.051;  // 1.5 pixels
  const std::vector truths = {truth.view(), flat.view(), prediction.view()};
  const ImageScores scores = Evaluate(prediction.view(), truths, options);
  REQUIRE(scores.truths.size() == 3);
  for (const Measure measure : {Measure::kCovering, Measure::kVariationOfInformation}) {
    double sum = 0;
    for (const TruthScores& each : scores.truths) sum += each.scores[measure].value();
    CHECK(scores.scores[measure].value() == doctest::Approx(sum / 3));
  }
  CHECK(scores.truths[0].boundary.truth_matched == 67);
  CHECK(scores.truths[1].boundary.truth == 0);
  CHECK(scores.truths[1].boundary.recall() == 1);
  CHECK(scores.truths[1].boundary.precision() == 0);
  CHECK_FALSE(scores.truths[1].scores[Measure::kBoundaryF]);
  CHECK(scores.truths[2].scores[Measure::kBoundaryF].value() == 1);
  CHECK(scores.boundary.predicted == 95);
  CHECK(scores.boundary.predicted_matched == 95);
  CHECK(scores.boundary.truth == 78 + 95);
  CHECK(scores.boundary.truth_matched == 67 + 95);
}

TEST_CASE("boundaries: a truth without one has no F, a prediction without one has 0") {
  const OwnedMap flat = Constant(24, 17, 2);
  CHECK_FALSE(ScoreOne(flat, flat).scores[Measure::kBoundaryF]);
  CHECK_FALSE(ScoreOne(Predicted(), flat).scores[Measure::kBoundaryF]);
  CHECK(ScoreOne(flat, Truth()).scores[Measure::kBoundaryF].value() == 0);
}

TEST_CASE("a set: means over the images that have a value, covering and F of the sums") {
  std::vector<ImageScores> images(2);
  images[0].scores[Measure::kDice] = 0.5;
  images[0].boundary = {10, 5, 10, 10};
  images[0].covering = {100, 80};
  images[1].covering = {300, 60};
  images[1].boundary = {30, 30, 10, 0};
  const Scores scores = ScoresOfSet(images);
  CHECK(scores[Measure::kDice].value() == 0.5);
  CHECK(scores[Measure::kCovering].value() == 0.35);
  CHECK_FALSE(scores[Measure::kJaccard]);
  const double precision = 35.0 / 40, recall = 10.0 / 20;
  CHECK(scores[Measure::kBoundaryF].value() ==
        doctest::Approx(2 * precision * recall / (precision + recall)));
}

TEST_CASE("evaluation: refuses no truth, and a tolerance out of range") {
  const OwnedMap map = Constant(5, 5, 2);
  CHECK_THROWS_AS(Evaluate(map.view(), {}), ParameterError);
  EvaluationOptions options;
  options.boundary_tolerance = 1.5;
  CHECK_THROWS_WITH_AS(ScoreOne(map, map, options), doctest::Contains("boundary_tolerance = 1.5"),
                       ParameterError);
}

}  // namespace gmmseg
