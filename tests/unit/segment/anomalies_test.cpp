#include <doctest/doctest.h>
#include <gmmseg/anomalies.h>
#include <gmmseg/errors.h>

#include <Eigen/LU>
#include <cmath>

#include "base/chi_square.h"
#include "base/random.h"

using namespace gmmseg;

namespace {

constexpr int kSide = 60;

// A grey-blue noise, and a pixel without data.
Raster Clean() {
  Raster raster(kSide, kSide, 3, SampleType::kUint8, ColorModel::kRgb);
  RandomStream random(7, 2);
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i)
    for (int b = 0; b < 3; ++b)
      raster.Band<std::uint8_t>(b)[i] =
          static_cast<std::uint8_t>(std::lround(90 + 30 * b + 6 * random.Normal()));
  raster.Invalidate(11);
  return raster;
}

constexpr std::int64_t kFirstRed = 100, kEndRed = 110;

Raster WithRed() {
  Raster raster = Clean();
  for (std::int64_t i = kFirstRed; i < kEndRed; ++i)
    for (int b = 0; b < 3; ++b) raster.Band<std::uint8_t>(b)[i] = b == 0 ? 220 : 20;
  return raster;
}

SegmentOptions Raw(int num_components) {
  SegmentOptions options;
  options.features.color = ColorSpace::kRaw;
  options.fit.num_components = num_components;
  return options;
}

Model WithQuantiles(std::vector<DensityQuantile> quantiles) {
  Model model;
  model.log_density_quantiles = std::move(quantiles);
  return model;
}

}  // namespace

TEST_CASE("training quantiles: stored ones as they are, between them along the log-odds") {
  const Model model = WithQuantiles({{0, -20}, {0.01, -10}, {0.1, -8}, {0.5, -5}, {1, -4}});
  CHECK(TrainingQuantile(model, 0.01) == -10);
  CHECK(TrainingQuantile(model, 1) == -4);
  CHECK(*TrainingQuantile(model, 0.005) == doctest::Approx(-15));
  CHECK(*TrainingQuantile(model, 0.75) == doctest::Approx(-4.5));
  // logit(0.03) = -3.476, logit(0.01) = -4.595, logit(0.1) = -2.197
  CHECK(*TrainingQuantile(model, 0.03) == doctest::Approx(-9.0667).epsilon(1e-4));
}

TEST_CASE("training quantiles: nothing beyond those that are stored") {
  const Model model = WithQuantiles({{0.01, -10}, {0.99, -4}});
  CHECK_FALSE(TrainingQuantile(model, 0.009));
  CHECK_FALSE(TrainingQuantile(model, 0.995));
  CHECK_FALSE(TrainingQuantile(Model(), 0.5));
}

TEST_CASE("training quantiles of a Gaussian tail are near the truth between the stored ones") {
  // Of two independent normals: P(log p <= c - t) = exp(-t).
  std::vector<DensityQuantile> exact;
  for (const double p : Model::kQuantiles)
    if (p > 0) exact.push_back({p, std::log(p)});
  for (const double p : {0.00015, 0.0007, 0.003, 0.015, 0.03, 0.07})
    CHECK(std::exp(*TrainingQuantile(WithQuantiles(exact), p)) == doctest::Approx(p).epsilon(0.01));
}

TEST_CASE("anomalies: the tail is that of the distance from the most probable component") {
  const Segmentation result = Segment(WithRed(), Raw(3));
  const Anomalies anomalies = FindAnomalies(result, 0.01);
  const GaussianMixture& mixture = result.model.mixture();
  const ChiSquareTail tail(3);
  for (std::int64_t i = 0; i < result.num_pixels(); i += 13) {
    if (result.labels[i] == 0) continue;
    const std::int64_t sample = result.planes.SampleOf(i);
    const int k = result.labels[i] - 1;
    const Eigen::VectorXd residual =
        result.planes.samples.Value(sample) - mixture.means.row(k).transpose();
    const double distance = residual.dot(mixture.covariances[k].inverse() * residual);
    CHECK(anomalies.sample_tails[sample] == doctest::Approx(tail(distance)).epsilon(1e-3));
  }
}

TEST_CASE("anomalies: a share of about the rate of the training pixels is unlikely") {
  const Segmentation result = Segment(Clean(), Raw(2));
  for (const double rate : {0.001, 0.01, 0.03, 0.3}) {
    const AnomalyCounts counts = FindAnomalies(result, rate).counts;
    const double share = static_cast<double>(counts.num_unlikely) / (kSide * kSide - 1);
    CHECK(share == doctest::Approx(rate).epsilon(0.25));
    CHECK(counts.num_both <= std::min(counts.num_unlikely, counts.num_outliers));
  }
}

TEST_CASE("anomalies: what was planted is both, marks and counts agree, no data is none") {
  const Segmentation result = Apply(WithRed(), Segment(Clean(), Raw(2)).model);
  const Anomalies anomalies = FindAnomalies(result, 0.01);
  std::int64_t unlikely = 0, outliers = 0, both = 0;
  for (std::int64_t i = 0; i < result.num_pixels(); ++i) {
    const AnomalyMark mark = anomalies.sample_marks[result.planes.SampleOf(i)];
    if (i >= kFirstRed && i < kEndRed) CHECK(mark == AnomalyMark::kBoth);
    CHECK((mark == AnomalyMark::kNoData) == (result.labels[i] == 0));
    unlikely += mark == AnomalyMark::kUnlikely || mark == AnomalyMark::kBoth;
    outliers += mark == AnomalyMark::kOutlier || mark == AnomalyMark::kBoth;
    both += mark == AnomalyMark::kBoth;
  }
  CHECK(anomalies.counts.num_unlikely == unlikely);
  CHECK(anomalies.counts.num_outliers == outliers);
  CHECK(anomalies.counts.num_both == both);
}

TEST_CASE("anomalies: an image of one colour has none, one without data neither") {
  Raster flat(8, 6, 1, SampleType::kUint8, ColorModel::kGray);
  CHECK(FindAnomalies(Segment(flat, Raw(2))).counts.num_unlikely == 0);
  for (std::int64_t i = 0; i < flat.num_pixels(); ++i) flat.Invalidate(i);
  const AnomalyCounts counts = FindAnomalies(Segment(flat, Raw(2))).counts;
  CHECK_FALSE(counts.log_density_threshold);
  CHECK(counts.num_outliers == 0);
}

TEST_CASE("anomalies: rates out of range, tempered models and unknown training are refused") {
  Segmentation result = Segment(Clean(), Raw(1));
  for (const double rate : {0.0, 1.0, -0.5, std::nan("")})
    CHECK_THROWS_WITH_AS(FindAnomalies(result, rate), doctest::Contains("less than 1"),
                         ParameterError);
  result.model.log_density_quantiles.clear();
  CHECK_THROWS_WITH_AS(CheckAnomalies(result.model, 0.01), doctest::Contains("training pixels"),
                       ParameterError);
  const Anomalies outliers = FindAnomalies(result);
  CHECK_FALSE(outliers.counts.log_density_threshold);
  CHECK(outliers.counts.num_unlikely == 0);
  CHECK(outliers.counts.num_outliers > 0);
  SegmentOptions tempered = Raw(1);
  tempered.features.position_weight = 3;
  CHECK_THROWS_WITH_AS(FindAnomalies(Segment(Clean(), tempered)), doctest::Contains("no density"),
                       ParameterError);
}
