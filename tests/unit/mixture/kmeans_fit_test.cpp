// Fits by k-means, beside Lloyd's iterations written out in double precision.
#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/fit.h>
#include <gmmseg/threads.h>

#include <algorithm>
#include <limits>

#include "generated.h"

namespace gmmseg {
namespace {

struct Lloyd {
  Eigen::MatrixXd centers;
  double inertia = 0;  // at the centres before the last step
};

// Plain squared distances, until nothing changes.
Lloyd RunLloyd(const Eigen::MatrixXd& points, Eigen::MatrixXd centers) {
  double before = std::numeric_limits<double>::infinity();
  for (;;) {
    Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(centers.rows(), centers.cols());
    Eigen::VectorXd counts = Eigen::VectorXd::Zero(centers.rows());
    double inertia = 0;
    for (Eigen::Index i = 0; i < points.rows(); ++i) {
      Eigen::Index nearest;
      inertia += (centers.rowwise() - points.row(i)).rowwise().squaredNorm().minCoeff(&nearest);
      sums.row(nearest) += points.row(i);
      counts[nearest] += 1;
    }
    for (Eigen::Index k = 0; k < centers.rows(); ++k) centers.row(k) = sums.row(k) / counts[k];
    if (inertia >= before) return {centers, inertia};
    before = inertia;
  }
}

Eigen::MatrixXd Points(int n, unsigned seed = 1) {
  return Sample(RandomMixture(4, 3, seed), n, seed).points;
}

FitOptions KMeansFrom(const Eigen::MatrixXd& centers) {
  GaussianMixture start;
  start.blocks = {{0, static_cast<int>(centers.cols()), 1.0}};
  start.weights = Eigen::VectorXd::Constant(centers.rows(), 1.0 / centers.rows());
  start.means = centers;
  start.covariances.assign(centers.rows(),
                           Eigen::MatrixXd::Identity(centers.cols(), centers.cols()));
  FitOptions options;
  options.method = FitMethod::kKMeans;
  options.start = start;
  options.tolerance = 0;
  return options;
}

FitOptions KMeans(int num_components) {
  FitOptions options;
  options.method = FitMethod::kKMeans;
  options.num_components = num_components;
  return options;
}

}  // namespace

TEST_CASE("k-means: the end from given centres is that of Lloyd's iterations") {
  const Eigen::MatrixXd points = Points(5000);
  const Eigen::MatrixXd centers = points.topRows(5);
  const Lloyd expected = RunLloyd(points, centers);
  const FitResult fit = FitMixture(Samples::FromRows(points), KMeansFrom(centers));
  CHECK(fit.method == FitMethod::kKMeans);
  REQUIRE(fit.model.num_components() == 5);
  for (int k = 0; k < 5; ++k)
    CHECK((expected.centers.rowwise() - fit.model.means.row(k)).rowwise().norm().minCoeff() < 1e-4);
  const double variance = expected.inertia / static_cast<double>(points.size());
  for (const Eigen::MatrixXd& covariance : fit.model.covariances)
    CHECK((covariance - variance * Eigen::Matrix3d::Identity()).norm() < 1e-5 * variance);
  CHECK((fit.model.weights.array() == 0.2).all());
}

TEST_CASE("k-means: the objective never rises") {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    FitOptions options = KMeans(7);
    options.seed = seed;
    options.restarts = 1;
    options.init = InitMethod::kRandom;
    options.tolerance = 0;
    const FitResult fit = FitMixture(Samples::FromRows(Points(20000, seed)), options);
    REQUIRE(fit.history.size() > 2);
    CHECK(fit.history.front() >= fit.initial_log_likelihood - 1e-6);
    for (std::size_t i = 1; i < fit.history.size(); ++i)
      CHECK(fit.history[i] >= fit.history[i - 1] - 1e-6);
  }
}

TEST_CASE("k-means: a weight counts as that many points") {
  const Eigen::MatrixXd points = Points(400);
  Eigen::VectorXd weights(400);
  Eigen::MatrixXd repeated(800, 3);
  Eigen::Index next = 0;
  for (Eigen::Index i = 0; i < 400; ++i) {
    weights[i] = static_cast<double>(i % 2 == 0 ? 3 : 1);
    for (int j = 0; j < weights[i]; ++j) repeated.row(next++) = points.row(i);
  }
  const FitOptions options = KMeansFrom(points.topRows(3));
  const FitResult weighted = FitMixture(Samples::FromRows(points, weights), options);
  const FitResult expected = FitMixture(Samples::FromRows(repeated), options);
  CHECK((weighted.model.means - expected.model.means).norm() < 1e-5);
  CHECK(weighted.num_samples == 800);
}

TEST_CASE("k-means: the same bits for any number of threads") {
  const Samples samples = Samples::FromRows(Points(50000));
  const auto means = [&](int threads) {
    const ThreadLimit limit(threads);
    return FitMixture(samples, KMeans(6)).model.means;
  };
  const Eigen::MatrixXd expected = means(1);
  CHECK(means(2) == expected);
  CHECK(means(5) == expected);
}

TEST_CASE("k-means: a centre without points goes to the farthest one") {
  Eigen::MatrixXd points = Points(1000);
  points.row(17) << 40, 40, 40;
  Eigen::MatrixXd centers = points.topRows(3);
  centers.row(2) << -900, 900, 0;
  const FitResult fit = FitMixture(Samples::FromRows(points), KMeansFrom(centers));
  REQUIRE(fit.rescues.size() == 1);
  CHECK(!fit.rescues[0].dropped);
  REQUIRE(fit.model.num_components() == 3);
  CHECK((fit.model.means.row(2) - points.row(17)).norm() < 1e-3);
}

TEST_CASE("k-means: as many clusters as distinct points at most") {
  Eigen::MatrixXd points(90, 2);
  for (int i = 0; i < 90; ++i) points.row(i) << i % 3, 5 * (i % 3);
  const FitResult fit = FitMixture(Samples::FromRows(points), KMeans(5));
  REQUIRE(fit.model.num_components() == 3);
  CHECK(fit.model.means.isApprox(Eigen::MatrixXd{{0, 0}, {1, 5}, {2, 10}}, 1e-5));
}

TEST_CASE("k-means: a further block counts by its temper at the first one's mean variance") {
  // The second block's features vary 100 times as much as the first's.
  Eigen::MatrixXd points = Points(3000).leftCols(2);
  Eigen::MatrixXd wide = 100 * Points(3000, 9).leftCols(2);
  Eigen::MatrixXd all(3000, 4);
  all << points, wide;
  constexpr double kTemper = 0.3;
  FitOptions options = KMeans(4);
  options.blocks = {{0, 2, 1.0}, {2, 2, kTemper}};
  options.tolerance = 0;
  const FitResult fit = FitMixture(Samples::FromRows(all), options);
  const auto mean_variance = [](const Eigen::MatrixXd& block) {
    return (block.rowwise() - block.colwise().mean()).squaredNorm() /
           static_cast<double>(block.size());
  };
  const double factor = mean_variance(points) / mean_variance(wide);
  const double ratio = fit.model.covariances[0](0, 0) / fit.model.covariances[0](2, 2);
  CHECK(ratio == doctest::Approx(factor).epsilon(1e-4));
  all.rightCols(2) *= std::sqrt(kTemper * factor);
  Eigen::MatrixXd centers = fit.model.means;
  centers.rightCols(2) *= std::sqrt(kTemper * factor);
  CHECK((RunLloyd(all, centers).centers - centers).norm() < 1e-3);
}

TEST_CASE("k-means: samples that lack values are refused") {
  Eigen::MatrixXd points = Points(100);
  points(3, 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(FitMixture(Samples::FromRows(points, {}, MissingValues::kMarginal), KMeans(2)),
                  ParameterError);
}

}  // namespace gmmseg
