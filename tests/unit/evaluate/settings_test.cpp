#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/evaluation.h>

namespace gmmseg {
namespace {

// An image of two truths' regions, 30 and 10 pixels, of one truth.
ImageScores Image(double voi, double covering, BoundaryCounts boundary = {},
                  double first_overlap = 0, double second_overlap = 0) {
  ImageScores image;
  image.covering = {40, 40 * covering};
  image.scores[Measure::kVariationOfInformation] = voi;
  image.scores[Measure::kCovering] = covering;
  image.scores[Measure::kBoundaryF] = boundary.f();
  image.boundary = boundary;
  image.truths.resize(1);
  image.truths[0].regions = {{30, first_overlap}, {10, second_overlap}};
  return image;
}

}  // namespace

TEST_CASE("settings: ODS is the best setting's mean, OIS the mean of each image's best") {
  const std::vector<std::vector<ImageScores>> settings = {{Image(3, 0.2), Image(1, 0.9)},
                                                          {Image(1, 0.5), Image(2, 0.4)}};
  const SettingsScores scores = CompareSettings(settings);
  CHECK(scores.optimal_dataset_scale[Measure::kVariationOfInformation].value() == 1.5);
  CHECK(scores.best_setting[static_cast<std::size_t>(Measure::kVariationOfInformation)] == 1);
  CHECK(scores.optimal_image_scale[Measure::kVariationOfInformation].value() == 1);
  CHECK(scores.optimal_dataset_scale[Measure::kCovering].value() == doctest::Approx(0.55));
  CHECK(scores.best_setting[static_cast<std::size_t>(Measure::kCovering)] == 0);
  CHECK(scores.optimal_image_scale[Measure::kCovering].value() == doctest::Approx(0.7));
  CHECK_FALSE(scores.optimal_image_scale[Measure::kDice]);
}

TEST_CASE("settings: the boundary's F is that of sums over each image's best setting") {
  const BoundaryCounts good{10, 10, 10, 10}, poor{10, 5, 30, 10}, fair{20, 10, 20, 12};
  const std::vector<std::vector<ImageScores>> settings = {{Image(0, 0, good), Image(0, 0, poor)},
                                                          {Image(0, 0, poor), Image(0, 0, fair)}};
  BoundaryCounts best = good;
  best += fair;
  CHECK(CompareSettings(settings).optimal_image_scale[Measure::kBoundaryF].value() ==
        best.f().value());
}

TEST_CASE("settings: the best covering takes each region's best from any setting") {
  const std::vector<std::vector<ImageScores>> settings = {{Image(0, 0, {}, 0.8, 0.1)},
                                                          {Image(0, 0, {}, 0.2, 0.6)}};
  CHECK(CompareSettings(settings).best_covering == doctest::Approx((30 * 0.8 + 10 * 0.6) / 40));
}

TEST_CASE("settings: refuses nothing, and settings of other images") {
  CHECK_THROWS_AS(CompareSettings({}), ParameterError);
  CHECK_THROWS_AS(CompareSettings(std::vector<std::vector<ImageScores>>{{}}), ParameterError);
  CHECK_THROWS_AS(CompareSettings(std::vector<std::vector<ImageScores>>{
                      {Image(1, 1)}, {Image(1, 1), Image(1, 1)}}),
                  ParameterError);
  std::vector<std::vector<ImageScores>> settings = {{Image(1, 1)}, {Image(1, 1)}};
  settings[1][0].truths[0].regions[0].pixels = 31;
  CHECK_THROWS_AS(CompareSettings(settings), ParameterError);
}

}  // namespace gmmseg
