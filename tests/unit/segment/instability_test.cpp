#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/instability.h>

#include <algorithm>
#include <numeric>

#include "base/random.h"

using namespace gmmseg;

namespace {

// Of two float bands, pixel i the value at(i) in each; one pixel has no data.
template <typename Function>
Raster Bands(std::int64_t width, std::int64_t height, Function at) {
  Raster raster(width, height, 2, SampleType::kFloat32, ColorModel::kMultiband);
  for (int b = 0; b < 2; ++b)
    for (std::int64_t i = 0; i < raster.num_pixels(); ++i)
      raster.Band<float>(b)[i] = static_cast<float>(at(i));
  raster.Invalidate(7);
  return raster;
}

Raster Noise() {
  RandomStream random(11, 3);
  return Bands(40, 30, [&](std::int64_t) { return random.Uniform(); });
}

SegmentOptions Keeping(int num_components, int restarts = 10) {
  SegmentOptions options;
  options.fit.num_components = num_components;
  options.fit.restarts = restarts;
  options.fit.restart_models = RestartModels::kKeep;
  return options;
}

int Likeliest(const GaussianMixture& mixture, const Eigen::VectorXd& value) {
  Eigen::Index best = 0;
  Posterior(mixture, value).maxCoeff(&best);
  return static_cast<int>(best);
}

// The fewest pixels that differ under any numbering of the restart's classes, point by point and
// numbering by numbering.
std::int64_t FewestDifferent(const Segmentation& result, const GaussianMixture& restart) {
  const int k = result.model.mixture().num_components();
  std::vector<std::pair<int, int>> labels;
  for (std::int64_t i = 0; i < result.num_pixels(); ++i)
    if (result.labels[i] > 0)
      labels.emplace_back(result.labels[i] - 1, Likeliest(restart, result.planes.samples.Value(i)));
  std::vector<int> numbering(k);
  std::iota(numbering.begin(), numbering.end(), 0);
  std::int64_t fewest = std::ssize(labels);
  do {
    fewest = std::min(
        fewest, static_cast<std::int64_t>(std::ranges::count_if(labels, [&](const auto& pair) {
          return numbering[pair.second] != pair.first;
        })));
  } while (std::ranges::next_permutation(numbering).found);
  return fewest;
}

}  // namespace

TEST_CASE("instability: blobs far apart are found from everywhere") {
  RandomStream random(5, 1);
  const Raster raster =
      Bands(30, 20, [&](std::int64_t i) { return (i % 3 == 0 ? 10 : 0) + 0.3 * random.Normal(); });
  const Instability instability = MeasureInstability(Segment(raster, Keeping(2)));
  CHECK(instability.totals.mean == 0);
  CHECK(instability.totals.num_restarts == 5);
  CHECK(std::ranges::all_of(instability.of_samples, [](float value) { return value == 0; }));
}

TEST_CASE("instability: in uniform noise it is what the best of all numberings leaves") {
  const Segmentation result = Segment(Noise(), Keeping(5));
  const Instability instability = MeasureInstability(result);
  const std::vector<GaussianMixture>& restarts = result.model.fit.restart_models;
  REQUIRE(restarts.size() == 5);
  double different = 0;
  for (const GaussianMixture& restart : restarts) {
    REQUIRE(restart.num_components() == 5);
    different += static_cast<double>(FewestDifferent(result, restart));
  }
  const double pixels = 5.0 * static_cast<double>(result.num_valid);
  CHECK(instability.totals.mean == doctest::Approx(different / pixels).epsilon(1e-5));
  CHECK(instability.totals.mean > 0.05);
  CHECK(instability.of_samples[7] == 0);  // no data
  CHECK(std::ranges::max(instability.of_samples) <= 1);
}

TEST_CASE("instability: where no start is looked for, or none was kept, nothing differs") {
  const Raster two = Bands(8, 8, [](std::int64_t i) { return i % 2; });
  const Segmentation flat = Segment(two, Keeping(4));
  CHECK(MeasureInstability(flat).totals.num_restarts == 0);
  CHECK(MeasureInstability(flat).totals.mean == 0);
  SegmentOptions forgets = Keeping(5);
  forgets.fit.restart_models = RestartModels::kForget;
  CHECK(MeasureInstability(Segment(Noise(), forgets)).totals.num_restarts == 0);
  Raster empty(4, 4, 1, SampleType::kUint8, ColorModel::kGray);
  for (std::int64_t i = 0; i < 16; ++i) empty.Invalidate(i);
  CHECK(MeasureInstability(Segment(empty, Keeping(2))).of_samples ==
        std::vector<float>(Segment(empty, Keeping(2)).planes.samples.size()));
}

TEST_CASE("instability: one class, and a chosen number of classes, have restarts of their own") {
  CHECK(MeasureInstability(Segment(Noise(), Keeping(1))).totals.mean == 0);
  SegmentOptions options = Keeping(1);
  options.choose = ComponentRange{2, 4};
  const Segmentation chosen = Segment(Noise(), options);
  REQUIRE(chosen.model.fit.restart_models.size() == 5);
  CHECK(chosen.model.fit.restart_models.front().num_components() ==
        chosen.model.mixture().num_components());
}

TEST_CASE("instability: too few restarts and a start model are refused with the reason") {
  FitOptions options;
  options.restarts = 2;
  CHECK_THROWS_WITH_AS(CheckInstability(options), doctest::Contains("at least 3"), ParameterError);
  options.restarts = 3;
  CHECK_NOTHROW(CheckInstability(options));
  options.start = GaussianMixture();
  CHECK_THROWS_WITH_AS(CheckInstability(options), doctest::Contains("start model"), ParameterError);
}

TEST_CASE("restarts' models: the better half, best first, with the likelihoods that are told") {
  const Segmentation result = Segment(Noise(), Keeping(3, 5));
  const FitResult& fit = result.model.fit;
  REQUIRE(fit.restart_models.size() == 3);
  for (std::size_t r = 0; r < fit.restart_models.size(); ++r) {
    double sum = 0;  // of all samples, for there are fewer than a subsample has
    for (std::int64_t i = 0; i < result.num_pixels(); ++i)
      if (result.labels[i] > 0)
        sum += LogDensity(fit.restart_models[r], result.planes.samples.Value(i));
    CHECK(sum / static_cast<double>(result.num_valid) ==
          doctest::Approx(fit.restart_log_likelihoods[r]).epsilon(1e-4));
    CHECK(CanonicalOrder(fit.restart_models[r]) == std::vector<int>{0, 1, 2});
  }
}
