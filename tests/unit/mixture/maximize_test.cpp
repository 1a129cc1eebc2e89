#include "mixture/maximize.h"

#include <doctest/doctest.h>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <cmath>

#include "generated.h"
#include "mixture/accumulate.h"

namespace gmmseg {
namespace {

// Up to constants, what the M-step maximises over Σ for one component: −log|Σ| − tr(Σ⁻¹ S).
double Objective(const Eigen::MatrixXd& covariance, const Eigen::MatrixXd& scatter) {
  const Eigen::LLT<Eigen::MatrixXd> cholesky(covariance);
  return -2 * cholesky.matrixLLT().diagonal().array().log().sum() - cholesky.solve(scatter).trace();
}

MaximizeRules Rules(CovarianceType type, int num_features, double floor) {
  return {type,
          {{0, num_features, 1.0}},
          floor * Eigen::MatrixXd::Identity(num_features, num_features),
          Eigen::VectorXd::Ones(num_features)};
}

MixtureStats StatsOf(const GaussianMixture& model, int n) {
  return SampleSource(PlainSamples(Sample(model, n, 3).points)).Accumulate(model);
}

}  // namespace

TEST_CASE("m-step: a covariance above the floor is left alone") {
  std::mt19937_64 random(1);
  const Eigen::MatrixXd s = RandomCovariance(random, {{0, 3, 1.0}}, 1);
  const ClippedCovariance result = ClipToFloor(s, 1e-3 * Eigen::MatrixXd::Identity(3, 3));
  CHECK(result.covariance == s);
  CHECK_FALSE(result.clipped);
}

TEST_CASE("m-step: clipping to the floor is the best covariance that respects it") {
  std::mt19937_64 random(2);
  const std::vector<FeatureBlock> block{{0, 3, 1.0}};
  for (int trial = 0; trial < 20; ++trial) {
    const Eigen::MatrixXd floor = RandomCovariance(random, block, 1),
                          scatter = RandomCovariance(random, block, 1);
    const Eigen::MatrixXd best = ClipToFloor(scatter, floor).covariance;
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> slack(best - floor);
    CHECK(slack.eigenvalues().minCoeff() > -1e-9);
    for (int other = 0; other < 50; ++other) {
      // Any other matrix that respects the floor: the floor plus something positive, and steps from
      // the best towards it.
      const Eigen::MatrixXd allowed = floor + RandomCovariance(random, block, 0.3 * (other % 5));
      for (const double t : {0.01, 0.1, 0.5, 1.0})
        CHECK(Objective((1 - t) * best + t * allowed, scatter) <= Objective(best, scatter) + 1e-9);
    }
  }
}

TEST_CASE("m-step: adding the floor would be worse than clipping to it") {
  const Eigen::MatrixXd scatter = Eigen::Vector2d(4, 0.01).asDiagonal(),
                        floor = Eigen::Matrix2d::Identity();
  CHECK(Objective(ClipToFloor(scatter, floor).covariance, scatter) >
        Objective(scatter + floor, scatter) + 0.02);
}

TEST_CASE("m-step: tied covariances are the weighted mean of the full ones") {
  const MixtureStats stats = StatsOf(RandomMixture(3, 2), 5000);
  const GaussianMixture full = Maximize(stats, Rules(CovarianceType::kFull, 2, 1e-10), 5000).model;
  const GaussianMixture tied = Maximize(stats, Rules(CovarianceType::kTied, 2, 1e-10), 5000).model;
  Eigen::MatrixXd expected = Eigen::MatrixXd::Zero(2, 2);
  for (int k = 0; k < 3; ++k) expected += full.weights[k] * full.covariances[k];
  for (int k = 0; k < 3; ++k) CHECK(tied.covariances[k].isApprox(expected, 1e-12));
}

TEST_CASE("m-step: spherical variances are equal in the user's units") {
  GaussianMixture model = RandomMixture(2, 3);
  MaximizeRules rules = Rules(CovarianceType::kSpherical, 3, 1e-10);
  rules.scale = Eigen::Vector3d(1, 4, 0.5);
  const GaussianMixture plane = Maximize(StatsOf(model, 5000), rules, 5000).model;
  const GaussianMixture user = FromStandardized(plane, {Eigen::Vector3d::Zero(), rules.scale});
  CHECK(
      user.covariances[0].isApprox(user.covariances[0](0, 0) * Eigen::Matrix3d::Identity(), 1e-12));
  const Eigen::Vector3d variances = StatsOf(model, 5000).Covariance(0).diagonal();
  CHECK(user.covariances[0](0, 0) == doctest::Approx(variances.dot(rules.scale.cwiseAbs2()) / 3));
}

TEST_CASE("m-step: components without samples are named, and a floor that binds is told") {
  GaussianMixture model = RandomMixture(2, 2);
  model.means.row(1).setConstant(1e4);
  const MaximizeResult result =
      Maximize(StatsOf(RandomMixture(1, 2), 500), Rules(CovarianceType::kFull, 2, 1e-10), 500);
  CHECK(result.vanished.empty());
  const MixtureStats stats =
      SampleSource(PlainSamples(Sample(RandomMixture(1, 2), 500, 1).points)).Accumulate(model);
  CHECK(Maximize(stats, Rules(CovarianceType::kFull, 2, 1e-10), 500).vanished ==
        std::vector<int>{1});
  CHECK(Maximize(stats, Rules(CovarianceType::kFull, 2, 100), 500).at_floor[0]);
}

}  // namespace gmmseg
