// What every Gaussian mixture is expected to do: find the one that its data were drawn from, and
// agree with the closed form where there is one.

#include <doctest/doctest.h>
#include <gmmseg/fit.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "generated.h"

namespace gmmseg {
namespace {

constexpr CovarianceType kTypes[] = {CovarianceType::kFull, CovarianceType::kTied,
                                     CovarianceType::kDiagonal, CovarianceType::kSpherical};

Eigen::MatrixXd OfType(const Eigen::MatrixXd& covariance, CovarianceType type) {
  const Eigen::Index d = covariance.rows();
  if (type == CovarianceType::kDiagonal) return covariance.diagonal().asDiagonal();
  if (type == CovarianceType::kSpherical)
    return covariance.diagonal().mean() * Eigen::MatrixXd::Identity(d, d);
  return covariance;
}

// Components of the type, ten or so of their deviations apart, in canonical order.
GaussianMixture WellSeparated(int num_components, int num_features, CovarianceType type,
                              unsigned seed) {
  GaussianMixture truth = RandomMixture(num_components, num_features, seed);
  truth.covariance_type = type;
  for (int k = 0; k < num_components; ++k) {
    truth.means(k, 0) = 15 * k;
    const int like = type == CovarianceType::kTied ? 0 : k;
    truth.covariances[k] = OfType(truth.covariances[like], type);
  }
  return truth;
}

// Within five standard errors of a mean of n draws, and the like of a variance.
void CheckRecovered(const GaussianMixture& found, const GaussianMixture& truth, double n) {
  REQUIRE(found.num_components() == truth.num_components());
  for (int k = 0; k < truth.num_components(); ++k) {
    const double share = truth.weights[k], error = 5 / std::sqrt(n * share);
    CHECK(std::abs(found.weights[k] - share) < 5 * std::sqrt(share * (1 - share) / n));
    const Eigen::VectorXd deviations = truth.covariances[k].diagonal().cwiseSqrt();
    const Eigen::VectorXd offsets = (found.means.row(k) - truth.means.row(k)).transpose();
    CHECK(offsets.cwiseQuotient(deviations).cwiseAbs().maxCoeff() < error);
    const Eigen::MatrixXd difference = found.covariances[k] - truth.covariances[k];
    const Eigen::MatrixXd scale = deviations * deviations.transpose();
    CHECK(difference.cwiseQuotient(scale).cwiseAbs().maxCoeff() < 1.5 * error);
  }
}

Eigen::MatrixXd Rows(int n) { return Sample(RandomMixture(3, 4, 2), n, 5).points; }

// The maximum-likelihood estimates of one normal distribution.
GaussianMixture OneNormal(const Eigen::MatrixXd& rows, CovarianceType type) {
  const Eigen::RowVectorXd mean = rows.colwise().mean();
  const Eigen::MatrixXd centered = rows.rowwise() - mean;
  const Eigen::MatrixXd covariance =
      centered.transpose() * centered / static_cast<double>(rows.rows());
  return {type,
          {{0, static_cast<int>(rows.cols()), 1.0}},
          Eigen::VectorXd::Ones(1),
          mean,
          {OfType(covariance, type)}};
}

}  // namespace

TEST_CASE("recovery: mixtures of two to five components in two to five features, of every type") {
  constexpr int kSize = 5000;
  for (const CovarianceType type : kTypes)
    for (int num_components = 2; num_components <= 5; ++num_components)
      for (int num_features = 2; num_features <= 5; ++num_features) {
        CAPTURE(std::string(ToString(type)));
        CAPTURE(num_components);
        CAPTURE(num_features);
        const GaussianMixture truth =
            WellSeparated(num_components, num_features, type, 10 * num_components + num_features);
        FitOptions options;
        options.num_components = num_components;
        options.covariance_type = type;
        const Samples samples = Samples::FromRows(Sample(truth, kSize, 3).points);
        const FitResult result = FitMixture(samples, options);
        CHECK(result.converged());
        CHECK(result.rescues.empty());
        CheckRecovered(result.model, truth, kSize);
        options.start = truth;
        options.max_iterations = 0;
        CHECK(result.log_likelihood > FitMixture(samples, options).log_likelihood);
      }
}

TEST_CASE("recovery: far clusters are labelled as they were drawn") {
  const GaussianMixture truth = WellSeparated(4, 3, CovarianceType::kFull, 7);
  const MixtureSamples drawn = Sample(truth, 5000, 3);
  const GaussianMixture found = FitMixture(Samples::FromRows(drawn.points), {}).model;
  int wrong = 0;
  for (int i = 0; i < 5000; ++i) {
    Eigen::Index label;
    Posterior(found, drawn.points.row(i)).maxCoeff(&label);
    wrong += label != drawn.components[i];
  }
  CHECK(wrong == 0);
}

TEST_CASE("recovery: one component is the closed form, of every type; tied is full") {
  const Eigen::MatrixXd rows = Rows(2000);
  for (const CovarianceType type : kTypes) {
    CAPTURE(std::string(ToString(type)));
    FitOptions options;
    options.num_components = 1;
    options.covariance_type = type;
    const FitResult result = FitMixture(Samples::FromRows(rows), options);
    const GaussianMixture expected = OneNormal(rows, type);
    CHECK(result.converged());
    CHECK(result.model.weights[0] == 1);
    CHECK((result.model.means - expected.means).cwiseAbs().maxCoeff() < 1e-5);
    CHECK(result.model.covariances[0].isApprox(expected.covariances[0], 1e-5));
    double total = 0;
    for (int i = 0; i < 2000; ++i) total += LogDensity(expected, rows.row(i));
    CHECK(result.log_likelihood == doctest::Approx(total / 2000).epsilon(1e-6));
  }
}

TEST_CASE("recovery: a start is where the fit begins, component by component") {
  const Samples samples = Samples::FromRows(Rows(2000));
  FitOptions options;
  options.start = RandomMixture(3, 4, 9);
  options.max_iterations = 0;
  const FitResult result = FitMixture(samples, options);
  const GaussianMixture start = Reordered(*options.start, CanonicalOrder(*options.start));
  CHECK(result.stop_reason == StopReason::kMaxIterations);
  CHECK(result.iterations == 0);
  CHECK(result.log_likelihood == result.initial_log_likelihood);
  CHECK(result.model.weights.isApprox(start.weights, 1e-12));
  CHECK(result.model.means.isApprox(start.means, 1e-12));
  for (int k = 0; k < 3; ++k)
    CHECK(result.model.covariances[k].isApprox(start.covariances[k], 1e-12));
}

TEST_CASE("recovery: one iteration gives a result that says that there was no time for more") {
  FitOptions options;
  options.max_iterations = 1;
  options.start = RandomMixture(3, 4, 9);
  const FitResult result = FitMixture(Samples::FromRows(Rows(2000)), options);
  CHECK(result.stop_reason == StopReason::kMaxIterations);
  CHECK(result.iterations == 1);
  CHECK(result.log_likelihood > result.initial_log_likelihood);
  options.max_iterations = 300;
  CHECK(FitMixture(Samples::FromRows(Rows(2000)), options).converged());
}

TEST_CASE("recovery: the order of the samples changes nothing but the rounding") {
  const Eigen::MatrixXd rows = Rows(3000);
  std::vector<int> order(3000);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), std::mt19937_64(1));
  const Samples samples = Samples::FromRows(rows);
  const Samples shuffled = Samples::FromRows(rows(order, Eigen::all));
  for (const CovarianceType type : kTypes) {
    CAPTURE(std::string(ToString(type)));
    FitOptions options;
    options.start = RandomMixture(3, 4, 2);
    options.start->covariance_type = type;
    options.max_iterations = 20;
    const FitResult a = FitMixture(samples, options), b = FitMixture(shuffled, options);
    CHECK(a.iterations == b.iterations);
    CHECK(a.log_likelihood == doctest::Approx(b.log_likelihood).epsilon(1e-6));
    CHECK((a.model.means - b.model.means).cwiseAbs().maxCoeff() < 1e-4);
  }
}

TEST_CASE("recovery: a full mixture fits at least as well as a diagonal and a spherical one") {
  const Samples samples = Samples::FromRows(Rows(3000));
  const auto likelihood = [&](CovarianceType type) {
    FitOptions options;
    options.num_components = 3;
    options.covariance_type = type;
    return FitMixture(samples, options).log_likelihood;
  };
  const double full = likelihood(CovarianceType::kFull);
  const double diagonal = likelihood(CovarianceType::kDiagonal);
  CHECK(full > likelihood(CovarianceType::kTied));
  CHECK(full > diagonal);
  CHECK(diagonal > likelihood(CovarianceType::kSpherical));
}

}  // namespace gmmseg
