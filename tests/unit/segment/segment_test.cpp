#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/posterior.h>
#include <gmmseg/segment.h>
#include <gmmseg/threads.h>

#include <algorithm>
#include <cmath>

#include "base/quantile.h"
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

// Few colours about three centres that are two deviations or so apart, every 11th pixel without
// data.
template <typename T>
Raster FewColors(SampleType type, int num_bands, int step) {
  Raster raster(kWidth, kHeight, num_bands, type,
                num_bands == 1 ? ColorModel::kGray : ColorModel::kRgb);
  RandomStream random(3, 1);
  for (int i = 0; i < kWidth * kHeight; ++i) {
    const int center = static_cast<int>(3 * random.Uniform());
    for (int b = 0; b < num_bands; ++b)
      raster.Band<T>(b)[i] = static_cast<T>(
          step * std::lround(60 + 4 * center * (b + 1) / num_bands + 1.2 * random.Normal()));
    if (i % 11 == 0) raster.Invalidate(i);
  }
  return raster;
}

// One row per pixel in the user's units, not a number where there is no data.
Eigen::MatrixXd PixelRows(const Segmentation& segmentation) {
  const FeaturePlanes& planes = segmentation.planes;
  Eigen::MatrixXd rows(kWidth * kHeight, planes.samples.num_features());
  for (int i = 0; i < kWidth * kHeight; ++i)
    if (segmentation.labels[i] != 0)
      rows.row(i) = planes.samples.Value(planes.SampleOf(i));
    else
      rows.row(i).setConstant(std::nan(""));
  return rows;
}

// What the segmentation says of each pixel is what the model says of its row.
void CheckLabelsAndPosteriors(const Segmentation& segmentation, const Samples& samples,
                              const GaussianMixture& model) {
  const int K = model.num_components();
  const std::vector<std::vector<float>> posteriors = segmentation.Posteriors(1, K);
  VisitPosteriors(samples, model, [&](const PosteriorTile& tile) {
    for (std::int64_t i = 0; i < tile.count; ++i) {
      const std::int64_t pixel = tile.first + i;
      int best = 0;
      float difference = 0;
      for (int k = 0; k < K; ++k) {
        if (tile.Posterior(k, i) > tile.Posterior(best, i)) best = k;
        difference = std::max(difference, std::abs(tile.Posterior(k, i) - posteriors[k][pixel]));
      }
      if (!(samples.weights()[pixel] > 0)) {
        CHECK(segmentation.labels[pixel] == 0);
        continue;
      }
      CHECK(difference < 1e-3f);
      CHECK(segmentation.labels[pixel] == best + 1);
      CHECK(segmentation.LogDensity(pixel) == doctest::Approx(tile.log_densities[i]).epsilon(1e-4));
    }
  });
}

// Fits the distinct colours and then, from the same start, all pixels, by as many EM steps.
void CheckPaletteIsExact(const Raster& raster) {
  SegmentOptions options;
  options.fit.num_components = 3;
  options.fit.max_iterations = 2;
  options.fit.start = Segment(raster, options).model.mixture();
  options.fit.tolerance = 0;
  options.fit.max_iterations = 15;
  const Segmentation palette = Segment(raster, options);
  REQUIRE_FALSE(palette.planes.entry.empty());
  REQUIRE(palette.model.fit.iterations == 15);

  const Samples samples = Samples::FromRows(PixelRows(palette));
  FitOptions fit = options.fit;
  fit.floor = palette.planes.floor;
  const FitResult all = FitMixture(samples, fit);
  CHECK(palette.model.fit.num_samples == all.num_samples);
  CHECK(palette.num_valid == static_cast<std::int64_t>(all.num_samples));
  CHECK(std::abs(palette.model.fit.log_likelihood - all.log_likelihood) < 1e-6);
  for (int k = 0; k < 3; ++k)
    for (int d = 0; d < samples.num_features(); ++d) {
      const double sigma = std::sqrt(all.model.covariances[k](d, d));
      CHECK(std::abs(palette.model.mixture().means(k, d) - all.model.means(k, d)) < 1e-4 * sigma);
    }
  CheckLabelsAndPosteriors(palette, samples, all.model);
}

}  // namespace

TEST_CASE("palette: from one start, all pixels give the same fit, labels and posteriors") {
  SUBCASE("8-bit colour") {
    CheckPaletteIsExact(FewColors<std::uint8_t>(SampleType::kUint8, 3, 1));
  }
  SUBCASE("8 bits widened to 16") {
    CheckPaletteIsExact(FewColors<std::uint16_t>(SampleType::kUint16, 3, 257));
  }
  SUBCASE("8-bit grey") { CheckPaletteIsExact(FewColors<std::uint8_t>(SampleType::kUint8, 1, 1)); }
  SUBCASE("16-bit grey") {
    CheckPaletteIsExact(FewColors<std::uint16_t>(SampleType::kUint16, 1, 300));
  }
}

TEST_CASE("palette: repeating the image changes neither the labels nor the model") {
  const Raster once = TwoTones();
  Raster twice(kWidth, 2 * kHeight, 1, SampleType::kUint8, ColorModel::kGray);
  const std::uint8_t* const values = once.Band<std::uint8_t>(0);
  std::copy_n(values, kWidth * kHeight, twice.Band<std::uint8_t>(0));
  std::copy_n(values, kWidth * kHeight, twice.Band<std::uint8_t>(0) + kWidth * kHeight);
  const Segmentation a = Segment(once, TwoClasses()), b = Segment(twice, TwoClasses());
  CHECK(std::equal(a.labels.begin(), a.labels.end(), b.labels.begin() + kWidth * kHeight));
  CHECK(a.model.mixture().means == b.model.mixture().means);
  CHECK(a.classes[0].share == b.classes[0].share);
  CHECK(b.num_valid == 2 * a.num_valid);
}

TEST_CASE("palette: shares count pixels, not colours") {
  const Segmentation result = Segment(FewColors<std::uint8_t>(SampleType::kUint8, 3, 1), {});
  REQUIRE_FALSE(result.planes.entry.empty());
  for (const ClassEntry& entry : result.classes) {
    const auto pixels = std::count(result.labels.begin(), result.labels.end(), entry.index);
    CHECK(entry.share ==
          doctest::Approx(static_cast<double>(pixels) / static_cast<double>(result.num_valid)));
  }
}

TEST_CASE("a flat image is one class, with or without a palette") {
  for (const int width : {1, 50}) {
    const Raster flat(width, 1, 3, SampleType::kUint8, ColorModel::kRgb);
    const Segmentation result = Segment(flat, TwoClasses());
    CHECK(result.planes.entry.empty() == (width == 1));
    CHECK(result.labels == std::vector<std::uint16_t>(width, 1));
    CHECK(result.num_valid == width);
    CHECK(result.model.fit.num_samples == width);
  }
}

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
    const Eigen::VectorXd x = result.planes.samples.Value(result.planes.SampleOf(i));
    const Eigen::VectorXd p = Posterior(mixture, x);
    const double entropy =
        -(p.array() > 0).select(p.array() * p.array().log(), 0.0).sum() / std::log(K);
    CHECK(p[result.labels[i] - 1] == doctest::Approx(p.maxCoeff()).epsilon(1e-4));
    CHECK(result.sample_uncertainty[result.planes.SampleOf(i)] ==
          doctest::Approx(entropy).epsilon(1e-3).scale(1));
    CHECK(result.LogDensity(i) == doctest::Approx(LogDensity(mixture, x)).epsilon(1e-4));
  }
  for (int i = 0; i < kWidth * kHeight; ++i) total += result.LogDensity(i);
  CHECK(result.log_likelihood == doctest::Approx(total / (kWidth * kHeight)));
  CHECK(result.log_likelihood == doctest::Approx(result.model.fit.log_likelihood).epsilon(1e-5));
}

TEST_CASE("names and colours that are given are in the tables of image and model, others stay") {
  SegmentOptions options = TwoClasses();
  options.class_names = {{1, {"dark \"ü\"", Rgb{7, 8, 9}}}, {2, {"light", {}}}};
  const Segmentation result = Segment(TwoTones(), options);
  const Model model = FitModel(ComputeFeatures(TwoTones(), options.features), options);
  for (const ClassTable& classes : {result.classes, result.model.classes, model.classes}) {
    REQUIRE(classes.size() == 2);
    CHECK(classes[0].name == "dark \"ü\"");
    CHECK(classes[0].color == Rgb{7, 8, 9});
    CHECK(classes[1].name == "light");
    CHECK(classes[1].color == ClassColor(2));
  }
  options.class_names.erase(1);
  CHECK(Segment(TwoTones(), options).classes[0].name == "class 1");
}

TEST_CASE(
    "names of classes that are not asked for are refused, of such as do not come back unused") {
  SegmentOptions options = TwoClasses();
  for (const int index : {-1, 0, 3}) {
    options.class_names = {{index, {"sky", {}}}};
    CHECK_THROWS_WITH_AS(Segment(TwoTones(), options),
                         doctest::Contains("there are classes 1 to 2"), ParameterError);
    CHECK_THROWS_AS(FitModel(ComputeFeatures(TwoTones(), options.features), options),
                    ParameterError);
  }
  options.class_names = {{2, {"sky", {}}}};
  const Segmentation flat =
      Segment(Raster(8, 8, 1, SampleType::kUint8, ColorModel::kGray), options);
  REQUIRE(flat.classes.size() == 1);
  CHECK(flat.classes[0].name == "class 1");
}

TEST_CASE("ICL exceeds BIC by twice the entropy of the posteriors") {
  SegmentOptions options = TwoClasses();
  options.fit.num_components = 3;
  const Segmentation result = Segment(TwoTones(), options);
  double entropy = 0;
  for (int i = 0; i < kWidth * kHeight; ++i)
    entropy += result.sample_uncertainty[result.planes.SampleOf(i)] *
               std::log(static_cast<double>(result.classes.size()));
  REQUIRE(result.model.bic);
  CHECK(*result.model.icl - *result.model.bic == doctest::Approx(2 * entropy).epsilon(1e-4));
  CHECK(*result.model.aic < *result.model.bic);
}

TEST_CASE("quantiles of the log-density are those of the labelled pixels, exactly") {
  Raster raster = TwoTones();
  raster.Invalidate(7);
  const Segmentation result = Segment(raster, TwoClasses());
  std::vector<float> values;
  for (int i = 0; i < kWidth * kHeight; ++i)
    if (result.labels[i] != 0) values.push_back(result.LogDensity(i));
  REQUIRE(values.size() == kWidth * kHeight - 1);
  std::sort(values.begin(), values.end());
  for (std::size_t q = 0; q < std::size(Model::kQuantiles); ++q)
    CHECK(result.model.log_density_quantiles.at(q) ==
          DensityQuantile{Model::kQuantiles[q], Quantile(values, Model::kQuantiles[q])});
}

TEST_CASE("quantiles of the log-density of many pixels have the ranks they stand for") {
  Raster raster(400, 300, 1, SampleType::kUint8, ColorModel::kGray);
  RandomStream random(5, 1);
  for (int i = 0; i < raster.num_pixels(); ++i)
    raster.Band<std::uint8_t>(0)[i] =
        static_cast<std::uint8_t>(std::lround(128 + 20 * random.Normal()));
  const Segmentation result = Segment(raster, TwoClasses());
  for (std::size_t q = 0; q < std::size(Model::kQuantiles); ++q) {
    const double value = result.model.log_density_quantiles.at(q).log_density;
    double below = 0, at_most = 0;
    for (int i = 0; i < raster.num_pixels(); ++i) {
      below += result.LogDensity(i) < value;
      at_most += result.LogDensity(i) <= value;
    }
    const auto num_pixels = static_cast<double>(raster.num_pixels());
    CHECK(below / num_pixels <= Model::kQuantiles[q] + 1e-5);
    CHECK(at_most / num_pixels >= Model::kQuantiles[q] - 1e-5);
  }
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
  CHECK(applied.sample_uncertainty == fitted.sample_uncertainty);
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
  CHECK(one.sample_uncertainty == two.sample_uncertainty);
  CHECK(one.log_likelihood == two.log_likelihood);
  CHECK(*one.model.icl == *two.model.icl);
}
