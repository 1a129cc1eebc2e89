#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/segment.h>

#include <cmath>
#include <string>

#include "base/random.h"

namespace {

using namespace gmmseg;

constexpr int kWidth = 60, kHeight = 40;

// Grey thirds from dark to bright, each with noise of a few grey levels.
Raster ThreeTones() {
  Raster raster(kWidth, kHeight, 1, SampleType::kUint8, ColorModel::kGray);
  RandomStream random(1, 1);
  for (int i = 0; i < kWidth * kHeight; ++i)
    raster.Band<std::uint8_t>(0)[i] = static_cast<std::uint8_t>(
        std::lround(50 + 70 * (i % kWidth / (kWidth / 3)) + 4 * random.Normal()));
  return raster;
}

// A stroke of five rows down the middle of a third.
void Stroke(int third, std::uint16_t label, Raster& raster) {
  std::vector<std::uint16_t> scribbles = raster.scribbles();
  scribbles.resize(raster.num_pixels());
  for (int y = 0; y < kHeight; ++y)
    for (int x = third * 20 + 8; x < third * 20 + 13; ++x) scribbles[y * kWidth + x] = label;
  raster.SetScribbles(scribbles);
}

SegmentOptions FromScribbles(int num_components) {
  SegmentOptions options;
  options.fit.num_components = num_components;
  options.scribbles = Scribbles::kStart;
  return options;
}

std::uint16_t LabelOfThird(const Segmentation& segmentation, int third) {
  return segmentation.labels[20 * kWidth + third * 20 + 3];
}

std::string Refusal(const Raster& raster, const SegmentOptions& options) {
  try {
    Segment(raster, options);
  } catch (const ParameterError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("scribbles: a class has its strokes' number, and starts as their mean and covariance") {
  Raster raster = ThreeTones();
  Stroke(2, 1, raster);
  Stroke(0, 2, raster);
  Stroke(1, 3, raster);
  SegmentOptions options = FromScribbles(3);
  const Segmentation fitted = Segment(raster, options);
  for (const auto& [third, label] : {std::pair{2, 1}, {0, 2}, {1, 3}})
    CHECK(LabelOfThird(fitted, third) == label);
  CHECK(fitted.model.order == ClassOrder::kScribbles);

  options.fit.max_iterations = 0;
  options.floor = Floor::kOff;
  const Segmentation start = Segment(raster, options);
  double sum = 0, squares = 0, count = 0;
  for (int i = 0; i < kWidth * kHeight; ++i)
    if (raster.scribbles()[i] == 2) {
      const double value = raster.Band<std::uint8_t>(0)[i];
      sum += value;
      squares += value * value;
      ++count;
    }
  const double mean = sum / count;
  CHECK(start.model.mixture().means(1, 0) == doctest::Approx(mean).epsilon(1e-9));
  CHECK(start.model.mixture().covariances[1](0, 0) ==
        doctest::Approx(squares / count - mean * mean).epsilon(1e-7));
}

TEST_CASE("scribbles: classes without strokes take the numbers that are left") {
  Raster raster = ThreeTones();
  Stroke(2, 1, raster);
  Stroke(0, 3, raster);
  const Segmentation segmentation = Segment(raster, FromScribbles(3));
  CHECK(LabelOfThird(segmentation, 2) == 1);
  CHECK(LabelOfThird(segmentation, 1) == 2);
  CHECK(LabelOfThird(segmentation, 0) == 3);
}

TEST_CASE("scribbles: a number that nothing is left for is an absent class") {
  Raster raster(kWidth, kHeight, 1, SampleType::kUint8, ColorModel::kGray);
  for (int i = 0; i < kWidth * kHeight; ++i)
    raster.Band<std::uint8_t>(0)[i] = i % kWidth < 30 ? 10 : 200;
  Stroke(0, 4, raster);
  const Segmentation segmentation = Segment(raster, FromScribbles(4));
  CHECK(LabelOfThird(segmentation, 0) == 4);
  CHECK(LabelOfThird(segmentation, 2) == 1);
  CHECK(segmentation.model.mixture().weights[1] == 0);
  CHECK(segmentation.model.mixture().weights[2] == 0);
  Validate(segmentation.model.mixture());
}

TEST_CASE("scribbles: weights count, and pixels without data do not") {
  Raster raster = ThreeTones();
  Stroke(0, 1, raster);
  Stroke(2, 2, raster);
  std::vector<float> weights(raster.num_pixels(), 1);
  double sum = 0, total = 0;
  for (int i = 0; i < kWidth * kHeight; ++i) {
    weights[i] = static_cast<float>(i % 3);
    if (raster.scribbles()[i] != 1) continue;
    sum += weights[i] * raster.Band<std::uint8_t>(0)[i];
    total += weights[i];
  }
  raster.SetWeights(weights);
  SegmentOptions options = FromScribbles(2);
  options.fit.max_iterations = 0;
  CHECK(Segment(raster, options).model.mixture().means(0, 0) ==
        doctest::Approx(sum / total).epsilon(1e-9));
}

TEST_CASE("scribbles: what cannot start a fit is refused") {
  Raster raster = ThreeTones();
  CHECK(Refusal(raster, FromScribbles(3)).find("no stroke") != std::string::npos);
  Stroke(0, 5, raster);
  CHECK(Refusal(raster, FromScribbles(3)).find("class 5") != std::string::npos);
  for (int i = 0; i < kWidth * kHeight; ++i)
    if (i % kWidth < 20) raster.Invalidate(i);
  Stroke(1, 1, raster);
  CHECK(Refusal(raster, FromScribbles(5)).find("class 5") != std::string::npos);
  SegmentOptions options = FromScribbles(5);
  options.choose = ComponentRange();
  CHECK(Refusal(raster, options).find("range") != std::string::npos);
  CHECK_THROWS_AS(raster.SetScribbles({1, 2, 3}), ParameterError);
}
