// Classes matched to those of a reference model.
#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/segment.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace {

using namespace gmmseg;

using Color = std::array<double, 3>;

constexpr int kSide = 60;
constexpr Color kRed{200, 40, 30}, kGreen{40, 150, 60}, kBlue{30, 60, 190}, kSand{210, 190, 140};

// Stripes of the colours, each with some noise, times `gain`; which stripe a pixel is in tells
// StripeOf.
int StripeOf(int pixel, std::size_t num_stripes) {
  return static_cast<int>(pixel % kSide * num_stripes / kSide);
}

Raster Stripes(const std::vector<Color>& colors, double gain = 1) {
  Raster raster(kSide, kSide, 3, SampleType::kUint8, ColorModel::kRgb);
  RandomStream random(5, 0);
  for (int i = 0; i < kSide * kSide; ++i)
    for (int b = 0; b < 3; ++b)
      raster.Band<std::uint8_t>(b)[i] = static_cast<std::uint8_t>(std::clamp(
          std::lround(gain * (colors[StripeOf(i, colors.size())][b] + 5 * random.Normal())), 0L,
          255L));
  return raster;
}

SegmentOptions Classes(int num_components) {
  SegmentOptions options;
  options.fit.num_components = num_components;
  return options;
}

// The label of the middle of each stripe.
std::vector<int> LabelsOf(const Segmentation& segmentation, std::size_t num_stripes) {
  std::vector<int> labels(num_stripes);
  for (int x = 0; x < kSide; ++x) {
    const std::size_t middle = kSide / num_stripes / 2;
    if (x % (kSide / num_stripes) == middle)
      labels[StripeOf(x, num_stripes)] = segmentation.labels[kSide * kSide / 2 + x];
  }
  return labels;
}

// As fitted, with names and colours of its own.
Model NamedReference(const std::vector<Color>& colors) {
  Model model = Segment(Stripes(colors), Classes(static_cast<int>(colors.size()))).model;
  for (ClassEntry& entry : model.classes) {
    entry.name = "name " + std::to_string(entry.index);
    entry.color = {7, 8, static_cast<std::uint8_t>(entry.index)};
  }
  return model;
}

}  // namespace

TEST_CASE("match: an image and its darker, shuffled copy give the same colours the same classes") {
  const std::vector<Color> colors = {kRed, kGreen, kBlue, kSand};
  const std::vector<Color> shuffled = {kSand, kBlue, kRed, kGreen};
  const Model reference = NamedReference(colors);
  const std::vector<int> labels = LabelsOf(Apply(Stripes(colors), reference), 4);
  double last = 1.1;
  for (const double gain : {1.0, 0.9, 0.75, 0.6}) {
    CAPTURE(gain);
    const MatchedSegmentation result =
        SegmentMatched(Stripes(shuffled, gain), Classes(4), reference);
    CHECK(LabelsOf(result.segmentation, 4) ==
          std::vector<int>{labels[3], labels[2], labels[0], labels[1]});
    CHECK(result.confidence < last);
    last = result.confidence;
  }
}

TEST_CASE("match: against its own model an image keeps its labels, with full confidence") {
  const Raster raster = Stripes({kRed, kGreen, kBlue});
  const Segmentation own = Segment(raster, Classes(3));
  const MatchedSegmentation result = SegmentMatched(raster, Classes(3), own.model);
  CHECK(result.segmentation.labels == own.labels);
  CHECK(result.segmentation.model.mixture().weights == own.model.mixture().weights);
  CHECK(result.segmentation.log_likelihood == own.log_likelihood);
  CHECK(*result.segmentation.model.bic == *own.model.bic);
  CHECK(result.confidence == doctest::Approx(1));
  CHECK(result.segmentation.model.order == ClassOrder::kReference);
  for (int k = 0; k < 3; ++k) {
    CHECK(result.matches[k].reference == k);
    CHECK(result.matches[k].coefficient == doctest::Approx(1));
    CHECK(result.matches[k].margin > 0.5);
  }
}

TEST_CASE("match: classes are called and coloured as in the reference, and weigh as in the image") {
  const Model reference = NamedReference({kRed, kGreen});
  const Segmentation result =
      SegmentMatched(Stripes({kGreen, kGreen, kRed}), Classes(2), reference).segmentation;
  for (const ClassTable& classes : {result.classes, result.model.classes})
    for (int k = 0; k < 2; ++k) {
      CHECK(classes[k].index == k + 1);
      CHECK(classes[k].name == reference.classes[k].name);
      CHECK(classes[k].color == reference.classes[k].color);
      CHECK(classes[k].weight == result.model.mixture().weights[k]);
      CHECK(classes[k].share == doctest::Approx(classes[k].weight).epsilon(0.01));
    }
  CHECK(std::max(result.classes[0].share, result.classes[1].share) ==
        doctest::Approx(2.0 / 3).epsilon(0.01));
}

TEST_CASE("match: names that are asked for come before those of the reference") {
  const Model reference = NamedReference({kRed, kGreen});
  SegmentOptions options = Classes(1);
  options.class_names = {{2, {"meadow", Rgb{1, 2, 3}}}};
  const Segmentation result = SegmentMatched(Stripes({kGreen}), options, reference).segmentation;
  for (const ClassTable& classes : {result.classes, result.model.classes}) {
    CHECK(classes[0].name == "name 1");
    CHECK(classes[0].color == reference.classes[0].color);
    CHECK(classes[1].name == "meadow");
    CHECK(classes[1].color == Rgb{1, 2, 3});
  }
  options.class_names = {{3, {"sea", {}}}};
  CHECK_THROWS_WITH_AS(SegmentMatched(Stripes({kGreen}), options, reference),
                       "class 3 is named \"sea\"; there are classes 1 to 2: name none but these",
                       ParameterError);
}

TEST_CASE("match: a class that the image lacks keeps its number, without a pixel") {
  const std::vector<Color> colors = {kRed, kGreen, kBlue, kSand};
  const Model reference = NamedReference(colors);
  const std::vector<int> labels = LabelsOf(Apply(Stripes(colors), reference), 4);
  for (std::size_t lacking = 0; lacking < 4; ++lacking) {
    CAPTURE(lacking);
    std::vector<Color> seen = colors;
    std::vector<int> expected = labels;
    seen.erase(seen.begin() + static_cast<std::ptrdiff_t>(lacking));
    expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(lacking));
    const MatchedSegmentation result = SegmentMatched(Stripes(seen), Classes(3), reference);
    const Segmentation& segmentation = result.segmentation;
    CHECK(LabelsOf(segmentation, 3) == expected);
    const int absent = labels[lacking] - 1;
    REQUIRE(segmentation.classes.size() == 4);
    CHECK(result.matches[absent].reference == -1);
    CHECK(segmentation.classes[absent].share == 0);
    CHECK(segmentation.classes[absent].name == reference.classes[absent].name);
    CHECK(std::ranges::count(segmentation.labels, absent + 1) == 0);
    CHECK(segmentation.model.mixture().weights[absent] == 0);
    CHECK(segmentation.model.mixture().means.row(absent) == reference.mixture().means.row(absent));
    CHECK(std::ranges::all_of(segmentation.Posteriors(absent + 1, 1)[0],
                              [](float p) { return p == 0; }));
  }
}

TEST_CASE("match: a matched model that lacks a class is applied like any other") {
  const Model reference = NamedReference({kRed, kGreen, kBlue});
  const Raster raster = Stripes({kBlue, kRed});
  const MatchedSegmentation result = SegmentMatched(raster, Classes(2), reference);
  const Segmentation applied = Apply(raster, result.segmentation.model);
  CHECK(applied.labels == result.segmentation.labels);
  CHECK(applied.classes.size() == 3);
  const MatchedSegmentation again = SegmentMatched(raster, Classes(2), result.segmentation.model);
  CHECK(again.segmentation.labels == result.segmentation.labels);
}

TEST_CASE("match: an image of fewer colours than asked for leaves numbers unused") {
  Raster flat(8, 8, 3, SampleType::kUint8, ColorModel::kRgb);
  std::fill_n(flat.Band<std::uint8_t>(2), 64, std::uint8_t{190});
  const MatchedSegmentation result =
      SegmentMatched(flat, Classes(3), NamedReference({kRed, kGreen, kBlue}));
  CHECK(result.segmentation.classes.size() == 3);
  CHECK(std::ranges::count(result.matches, -1, &ComponentMatch::reference) == 2);
}

TEST_CASE("match: an image without data has no class and no confidence") {
  Raster raster = Stripes({kRed, kGreen});
  for (int i = 0; i < kSide * kSide; ++i) raster.Invalidate(i);
  const MatchedSegmentation result =
      SegmentMatched(raster, Classes(2), NamedReference({kRed, kGreen}));
  CHECK(result.segmentation.classes.empty());
  CHECK(result.matches.size() == 2);
  CHECK(result.matches[0].reference == -1);
  CHECK(result.confidence == 0);
}

TEST_CASE("match: other features and more components than the reference has are refused") {
  const Model reference = NamedReference({kRed, kGreen});
  const Raster raster = Stripes({kRed, kGreen});
  CHECK_THROWS_WITH_AS(SegmentMatched(raster, Classes(3), reference),
                       "num_components = 3; the reference model has 2 classes: ask for at most as "
                       "many",
                       ParameterError);
  SegmentOptions options = Classes(2);
  options.features.color = ColorSpace::kRgb;
  CHECK_THROWS_WITH_AS(
      SegmentMatched(raster, options, reference),
      "features rgb with position weight 0 and missing values skip; the reference model has lab "
      "with position weight 0 and missing values skip: ask for these, or for none",
      ParameterError);
  options.features = reference.features.spec;
  CHECK_NOTHROW(SegmentMatched(raster, options, reference));
  const Raster bands(8, 8, 5, SampleType::kUint8, ColorModel::kMultiband);
  CHECK_THROWS_AS(SegmentMatched(bands, Classes(2), reference), ParameterError);
}
