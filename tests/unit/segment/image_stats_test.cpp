#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/image_stats.h>
#include <gmmseg/threads.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "base/random.h"

using namespace gmmseg;

namespace {

constexpr int kImages = 7;

// Coloured noise about two tones; each image has its own.
Raster Picture(int i) {
  Raster raster(70 + i, 60, 3, SampleType::kUint8, ColorModel::kRgb);
  RandomStream random(i, 1);
  for (std::int64_t pixel = 0; pixel < raster.num_pixels(); ++pixel)
    for (int b = 0; b < 3; ++b)
      raster.Band<std::uint8_t>(b)[pixel] = static_cast<std::uint8_t>(
          std::lround((pixel % 3 == 0 ? 180 : 70) + 5 * b + i + 6 * random.Normal()));
  return raster;
}

Model FirstModel() {
  SegmentOptions options;
  options.fit.num_components = 2;
  return Segment(Picture(0), options).model;
}

ImageStats StatsOf(int i, const Model& model) {
  return TakeStats(Picture(i), {"p" + std::to_string(i), "hash " + std::to_string(i)}, model);
}

ImageStats Sum(const std::vector<ImageStats>& parts) {
  ImageStats total;
  for (const ImageStats& part : parts) total += part;
  return total;
}

bool Same(const ImageStats& a, const ImageStats& b) {
  return a.inputs == b.inputs && a.sums.Sums() == b.sums.Sums() && a.floor == b.floor;
}

bool Same(const GaussianMixture& a, const GaussianMixture& b) {
  return a.weights == b.weights && a.means == b.means && a.covariances == b.covariances;
}

}  // namespace

TEST_CASE("image statistics: the same bits for any grouping, any order and any threads") {
  const Model model = FirstModel();
  std::vector<ImageStats> single;
  for (int i = 0; i < kImages; ++i) single.push_back(StatsOf(i, model));
  const ImageStats all = Sum(single);
  const Model updated = UpdateModel(model, all).model;
  std::mt19937 random(1);
  for (int trial = 0; trial < 20; ++trial) {
    const ThreadLimit limit(1 + trial % 2);
    std::vector<ImageStats> parts;
    for (int i = 0; i < kImages; ++i) parts.push_back(StatsOf(i, model));
    while (parts.size() > 1) {
      std::shuffle(parts.begin(), parts.end(), random);
      parts[parts.size() - 2] += parts.back();
      parts.pop_back();
    }
    CHECK(Same(parts[0], all));
    CHECK(Same(UpdateModel(model, parts[0]).model.mixture(), updated.mixture()));
  }
}

TEST_CASE("image statistics: an image counts once, and models and versions do not mix") {
  const Model model = FirstModel();
  ImageStats stats = Sum({StatsOf(0, model), StatsOf(1, model)});
  const ImageStats before = stats;
  CHECK_THROWS_WITH_AS(stats += stats, doctest::Contains("p0 is counted already"), ParameterError);
  const ImageStats copy = TakeStats(Picture(1), {"copy", "hash 1"}, model);
  CHECK_THROWS_WITH_AS(stats += copy, doctest::Contains("p1 and copy have the same content"),
                       ParameterError);
  const Model other = UpdateModel(model, stats).model;
  CHECK_THROWS_WITH_AS(stats += StatsOf(2, other), doctest::Contains("at one model"),
                       ParameterError);
  ImageStats older = StatsOf(2, model);
  older.program = "0.0.1";
  CHECK_THROWS_WITH_AS(stats += older, doctest::Contains("version 0.0.1"), ParameterError);
  CHECK_THROWS_WITH_AS(UpdateModel(other, stats), doctest::Contains("another model"),
                       ParameterError);
  CHECK(Same(stats, before));
}

TEST_CASE("image statistics: names and colours of classes make no other model, numbers do") {
  Model model = FirstModel();
  const std::string hash = HashOfMixture(model);
  model.classes[0].name = "sky";
  model.seed = 7;
  CHECK(HashOfMixture(model) == hash);
  model.standardization.offset[0] = std::nextafter(model.standardization.offset[0], 1e9);
  CHECK(HashOfMixture(model) != hash);
}

TEST_CASE("image statistics: features of another kind, values far away, and no data") {
  const Model model = FirstModel();
  const Raster bands(9, 8, 5, SampleType::kUint8, ColorModel::kMultiband);
  CHECK_THROWS_AS(TakeStats(bands, {"bands", ""}, model), ParameterError);

  Raster far(9, 8, 3, SampleType::kFloat32, ColorModel::kRgb);
  for (int b = 0; b < 3; ++b) std::fill_n(far.Band<float>(b), 72, 1e30f);
  CHECK_THROWS_WITH_AS(TakeStats(far, {"far", ""}, model), doctest::Contains("too far"),
                       ParameterError);

  Raster empty = Picture(3);
  for (std::int64_t i = 0; i < empty.num_pixels(); ++i) empty.Invalidate(i);
  ImageStats stats = TakeStats(empty, {"empty", ""}, model);
  CHECK(stats.num_pixels() == 0);
  CHECK_THROWS_WITH_AS(UpdateModel(model, stats), doctest::Contains("no pixel has data"),
                       ParameterError);
  stats += StatsOf(0, model);
  CHECK(Same(UpdateModel(model, stats).model.mixture(),
             UpdateModel(model, StatsOf(0, model)).model.mixture()));
}

TEST_CASE(
    "image statistics: a step at the end of a fit moves little, and its likelihood is known") {
  const Model model = FirstModel();
  const ModelUpdate update = UpdateModel(model, StatsOf(0, model), {Floor::kOn, 1e-3});
  CHECK(update.log_likelihood == doctest::Approx(model.fit.log_likelihood).epsilon(1e-6));
  CHECK(std::abs(update.gain) < 1e-4);
  CHECK(update.model.fit.converged());
  CHECK((update.model.mixture().means - model.mixture().means).cwiseAbs().maxCoeff() < 0.1);
  CHECK(std::isnan(update.model.fit.log_likelihood));
  CHECK_FALSE(update.model.bic.has_value());
  CHECK(update.model.log_density_quantiles.empty());
  CHECK_THROWS_AS(UpdateModel(model, StatsOf(0, model), {Floor::kOn, -1}), ParameterError);
}
