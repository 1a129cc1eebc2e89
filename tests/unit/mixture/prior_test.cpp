// The inverse Wishart prior of the covariances.
#include <doctest/doctest.h>
#include <gmmseg/errors.h>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <cmath>

#include "generated.h"
#include "mixture/accumulate.h"
#include "mixture/em_step.h"
#include "mixture/maximize.h"

namespace gmmseg {
namespace {

constexpr CovarianceType kTypes[] = {CovarianceType::kFull, CovarianceType::kTied,
                                     CovarianceType::kDiagonal, CovarianceType::kSpherical};

MaximizeRules RulesWithPrior(CovarianceType type, double share, const Eigen::MatrixXd& covariance) {
  const auto size = static_cast<int>(covariance.rows());
  MaximizeRules rules = RulesFor(Standardization::Identity(size), {}, type, {});
  rules.prior = {share, covariance};
  return rules;
}

// Few points of many features: without a prior, covariances are singular.
Samples FewPoints(int num_samples, int num_features) {
  const GaussianMixture truth = RandomMixture(3, num_features, 11);
  return Samples::FromRows(Sample(truth, num_samples, 5).points);
}

}  // namespace

TEST_CASE("prior: a covariance is the mean of what is seen and what is thought, by their shares") {
  const GaussianMixture model = RandomMixture(3, 4);
  std::mt19937_64 random(8);
  const Eigen::MatrixXd thought = RandomCovariance(random, model.blocks, 2);
  const MixtureStats stats =
      SampleSource(PlainSamples(Sample(model, 900, 3).points)).Accumulate(model);
  const MaximizeResult result =
      Maximize(stats, RulesWithPrior(CovarianceType::kFull, 0.25, thought), 900);
  for (int k = 0; k < 3; ++k) {
    const double n = stats.Weight(k), m = 0.25 * stats.num_samples();
    CHECK(result.model.covariances[k].isApprox((n * stats.Covariance(k) + m * thought) / (n + m),
                                               1e-12));
  }
}

// Brute force: nothing around the step is better.
TEST_CASE("prior: a step is where the likelihood with the prior is highest") {
  std::mt19937_64 random(21);
  std::normal_distribution<double> normal;
  for (const CovarianceType type : kTypes) {
    CAPTURE(ToString(type));
    GaussianMixture model = RandomMixture(2, 3);
    const Eigen::MatrixXd thought = RandomCovariance(random, model.blocks, 1.5);
    const MaximizeRules rules = RulesWithPrior(type, 0.3, thought);
    const MixtureStats stats =
        SampleSource(PlainSamples(Sample(model, 600, 3).points)).Accumulate(model);
    const GaussianMixture best = Maximize(stats, rules, 600).model;
    const auto value = [&](const GaussianMixture& at) {
      double sum = LogPrior(at, rules);
      for (int k = 0; k < 2; ++k) {
        const Eigen::LLT<Eigen::MatrixXd> factor(at.covariances[k]);
        sum -= stats.Weight(k) / stats.num_samples() / 2 *
               (2 * factor.matrixLLT().diagonal().array().log().sum() +
                factor.solve(stats.Covariance(k)).trace());
      }
      return sum;
    };
    for (int trial = 0; trial < 30; ++trial) {
      GaussianMixture other = best;
      const Eigen::MatrixXd change = RandomCovariance(random, model.blocks, 1);
      const double by = 1 + 0.05 * normal(random), sign = trial % 2 == 0 ? 1 : -1;
      for (Eigen::MatrixXd& covariance : other.covariances) {
        if (type == CovarianceType::kSpherical)
          covariance *= by;
        else if (type == CovarianceType::kDiagonal)
          covariance.diagonal() = covariance.diagonal().cwiseProduct(
              (sign * 0.05 * change.diagonal()).unaryExpr([](double c) { return 1 + c; }));
        else
          covariance = (covariance + sign * 0.01 * change).eval();
      }
      CHECK(value(other) <= value(best) + 1e-12);
    }
  }
}

TEST_CASE("prior: the likelihood with it never falls, and what is reported is without it") {
  const Samples samples = FewPoints(120, 12);
  for (const CovarianceType type : kTypes) {
    CAPTURE(ToString(type));
    FitOptions options;
    options.num_components = 3;
    options.covariance_type = type;
    options.prior_share = 0.1;
    options.acceleration = Acceleration::kOff;
    options.tolerance = 0;
    options.max_iterations = 10;
    const FitResult fit = FitMixture(samples, options);
    REQUIRE(fit.history.size() > 1);
    for (std::size_t i = 1; i < fit.history.size(); ++i)
      CHECK(fit.history[i] >= fit.history[i - 1] - 1e-6);
    CHECK(fit.prior.share == 0.1);
    const GaussianMixture plane = ToStandardized(fit.model, samples.standardization());
    const MixtureStats stats = SampleSource(samples).Accumulate(plane);
    CHECK(fit.log_likelihood == doctest::Approx(stats.log_likelihood() / stats.num_samples() -
                                                LogScale(fit.model, samples.standardization()))
                                    .epsilon(1e-5));
    CHECK(fit.history.back() ==
          doctest::Approx(fit.log_likelihood +
                          LogPrior(plane, RulesLike(plane, fit, samples.standardization(), {})))
              .epsilon(1e-5));
  }
}

TEST_CASE("prior: few points of many features have covariances that are far from singular") {
  const Samples samples = FewPoints(60, 20);
  FitOptions options;
  options.num_components = 3;
  options.prior_share = 0.2;
  const FitResult fit = FitMixture(samples, options);
  CHECK(fit.model.num_components() == 3);
  const double smallest_prior =
      Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(fit.prior.covariance).eigenvalues().minCoeff();
  for (int k = 0; k < 3; ++k) {
    CHECK_FALSE(fit.at_floor[k]);
    CHECK(Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(fit.model.covariances[k])
              .eigenvalues()
              .minCoeff() > 0.1 * smallest_prior);
  }
}

TEST_CASE("prior: the gain of a step counts it") {
  const GaussianMixture model = RandomMixture(3, 4);
  std::mt19937_64 random(8);
  const MaximizeRules rules =
      RulesWithPrior(CovarianceType::kFull, 0.5, RandomCovariance(random, model.blocks, 3));
  const Samples samples = PlainSamples(Sample(model, 900, 3).points);
  SampleSource source(samples);
  const MixtureStats stats = source.Accumulate(model);
  const EmStep step = StepFrom(model, stats, rules);
  const MixtureStats after = source.Accumulate(step.model);
  const double rise = (after.log_likelihood() - stats.log_likelihood()) / stats.num_samples() +
                      LogPrior(step.model, rules) - LogPrior(model, rules);
  CHECK(step.gain > 0);
  CHECK(rise >= step.gain - 1e-6);
}

TEST_CASE("prior: refused where there is nothing for it") {
  const Samples samples = FewPoints(60, 3);
  FitOptions options;
  options.prior_share = -1;
  CHECK_THROWS_AS(FitMixture(samples, options), ParameterError);
  options.prior_share = 0.1;
  options.method = FitMethod::kKMeans;
  CHECK_THROWS_AS(FitMixture(samples, options), ParameterError);
}

}  // namespace gmmseg
