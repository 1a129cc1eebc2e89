#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/segment.h>
#include <gmmseg/threads.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace {

using namespace gmmseg;

constexpr int kWidth = 64, kHeight = 48;

// Grey image: left third about 60, the rest about 180, each with noise of a few grey levels.
Raster TwoTones() {
  Raster raster(kWidth, kHeight, 1, SampleType::kUint8, ColorModel::kGray);
  RandomStream random(1, 1);
  for (int i = 0; i < kWidth * kHeight; ++i)
    raster.Band<std::uint8_t>(0)[i] = static_cast<std::uint8_t>(
        std::lround((i % kWidth < kWidth / 3 ? 60 : 180) + 4 * random.Normal()));
  return raster;
}

SegmentOptions TwoClasses() {
  SegmentOptions options;
  options.features.color = ColorSpace::kGray;
  options.fit.num_components = 2;
  return options;
}

}  // namespace

TEST_CASE("two tones: labels follow the tones, and classes carry their means and shares") {
  const Segmentation result = Segment(TwoTones(), TwoClasses());
  REQUIRE(result.classes.size() == 2);
  for (int i = 0; i < kWidth * kHeight; ++i)
    CHECK(result.labels[i] == (i % kWidth < kWidth / 3 ? 1 : 2));
  CHECK(result.classes[0].mean[0] == doctest::Approx(60).epsilon(0.01));
  CHECK(result.classes[1].mean[0] == doctest::Approx(180).epsilon(0.01));
  CHECK(result.classes[0].share == doctest::Approx(21.0 / 64));
  CHECK(result.classes[0].name == "class 1");
  CHECK(result.classes[0].color == ClassColor(1));
}

TEST_CASE(
    "labels, uncertainty and log-density of each pixel equal those of the reference formulas") {
  SegmentOptions options = TwoClasses();
  options.fit.num_components = 4;
  const Segmentation result = Segment(TwoTones(), options);
  const GaussianMixture& mixture = result.model.mixture();
  const int K = mixture.num_components();
  REQUIRE(K > 1);
  double total = 0;
  for (int i = 0; i < kWidth * kHeight; i += 7) {
    const Eigen::VectorXd x = result.planes.samples.Value(i);
    const Eigen::VectorXd p = Posterior(mixture, x);
    const double entropy =
        -(p.array() > 0).select(p.array() * p.array().log(), 0.0).sum() / std::log(K);
    CHECK(p[result.labels[i] - 1] == doctest::Approx(p.maxCoeff()).epsilon(1e-4));
    CHECK(result.uncertainty[i] == doctest::Approx(entropy).epsilon(1e-3).scale(1));
    CHECK(result.log_density[i] == doctest::Approx(LogDensity(mixture, x)).epsilon(1e-4));
  }
  for (const float value : result.log_density) total += value;
  CHECK(result.log_likelihood == doctest::Approx(total / (kWidth * kHeight)));
  CHECK(result.log_likelihood == doctest::Approx(result.model.fit.log_likelihood).epsilon(1e-5));
}

TEST_CASE("ICL exceeds BIC by twice the entropy of the posteriors") {
  SegmentOptions options = TwoClasses();
  options.fit.num_components = 3;
  const Segmentation result = Segment(TwoTones(), options);
  double entropy = 0;
  for (const float u : result.uncertainty)
    entropy += u * std::log(static_cast<double>(result.classes.size()));
  REQUIRE(result.model.bic);
  CHECK(*result.model.icl - *result.model.bic == doctest::Approx(2 * entropy).epsilon(1e-4));
  CHECK(*result.model.aic < *result.model.bic);
}

TEST_CASE("a tempered model has no information criteria") {
  SegmentOptions options = TwoClasses();
  options.features.position_weight = 2;
  const Model model = Segment(TwoTones(), options).model;
  CHECK_FALSE(model.bic);
  CHECK_FALSE(model.aic);
  CHECK_FALSE(model.icl);
}

TEST_CASE("posteriors: planes of any batch agree, sum to one where there are data, else 0") {
  Raster raster = TwoTones();
  raster.Invalidate(5);
  SegmentOptions options = TwoClasses();
  options.fit.num_components = 3;
  const Segmentation result = Segment(raster, options);
  const int K = static_cast<int>(result.classes.size());
  const auto all = result.Posteriors(1, K);
  for (int i = 0; i < kWidth * kHeight; ++i) {
    float sum = 0;
    for (int k = 0; k < K; ++k) sum += all[k][i];
    CHECK(sum == doctest::Approx(i == 5 ? 0 : 1));
  }
  CHECK(result.Posteriors(K, 1).front() == all.back());
  CHECK_THROWS_AS(result.Posteriors(1, K + 1), ParameterError);
  CHECK_THROWS_AS(result.Posteriors(0, 1), ParameterError);
}

TEST_CASE("an image without a valid pixel is all label 0 and has an empty model") {
  Raster raster = TwoTones();
  for (int i = 0; i < kWidth * kHeight; ++i) raster.Invalidate(i);
  const Segmentation result = Segment(raster, TwoClasses());
  CHECK(result.num_valid == 0);
  CHECK(result.classes.empty());
  CHECK(result.model.mixture().num_components() == 0);
  CHECK(std::all_of(result.labels.begin(), result.labels.end(), [](auto l) { return l == 0; }));
  CHECK_FALSE(result.model.bic);
  CHECK_THROWS_WITH_AS(Apply(TwoTones(), result.model), doctest::Contains("no component"),
                       ParameterError);
}

TEST_CASE("a model applied to its own image gives the same labels and shares") {
  const Segmentation fitted = Segment(TwoTones(), TwoClasses());
  const Segmentation applied = Apply(TwoTones(), fitted.model);
  CHECK(applied.labels == fitted.labels);
  CHECK(applied.uncertainty == fitted.uncertainty);
  CHECK(applied.log_likelihood == fitted.log_likelihood);
  CHECK(applied.classes[0].share == fitted.classes[0].share);
}

TEST_CASE("a model is refused on an image that cannot give its features") {
  SegmentOptions options = TwoClasses();
  options.features.color = ColorSpace::kRaw;
  const Model model = Segment(TwoTones(), options).model;
  const Raster five(8, 8, 5, SampleType::kUint8, ColorModel::kMultiband);
  CHECK_THROWS_WITH_AS(Apply(five, model), doctest::Contains("the model needs"), ParameterError);
}

TEST_CASE("an image too far from the model for its densities to be told is refused, never NaN") {
  Raster near(16, 16, 1, SampleType::kFloat32, ColorModel::kGray);
  Raster far(16, 16, 1, SampleType::kFloat32, ColorModel::kGray);
  RandomStream random(1, 1);
  for (int i = 0; i < 256; ++i) {
    near.Band<float>(0)[i] = static_cast<float>(random.Normal());
    far.Band<float>(0)[i] = 1e12f * near.Band<float>(0)[i];
  }
  SegmentOptions options;
  options.fit.num_components = 2;
  const Model model = Segment(near, options).model;
  CHECK_THROWS_WITH_AS(Apply(far, model), doctest::Contains("too far"), ParameterError);
}

TEST_CASE("slices of a volume are segmented together, with a label for every voxel") {
  Raster volume(8, 6, 1, SampleType::kUint8, ColorModel::kGray, 4);
  for (int i = 0; i < volume.num_pixels(); ++i)
    volume.Band<std::uint8_t>(0)[i] =
        static_cast<std::uint8_t>(i < 8 * 6 ? 20 + i % 3 : 200 + i % 5);
  const Segmentation result = Segment(volume, TwoClasses());
  CHECK(result.depth == 4);
  CHECK(result.num_pixels() == 8 * 6 * 4);
  REQUIRE(result.labels.size() == 8 * 6 * 4);
  for (int i = 0; i < result.num_pixels(); ++i) CHECK(result.labels[i] == (i < 8 * 6 ? 1 : 2));
}

TEST_CASE("segmentation does not depend on the number of threads") {
  const auto run = [](int threads) {
    const ThreadLimit limit(threads);
    return Segment(TwoTones(), TwoClasses());
  };
  const Segmentation one = run(1), two = run(2);
  CHECK(one.labels == two.labels);
  CHECK(one.uncertainty == two.uncertainty);
  CHECK(one.log_likelihood == two.log_likelihood);
  CHECK(*one.model.icl == *two.model.icl);
}
