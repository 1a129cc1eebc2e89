// Samples that lack values. The reference is the definition: marginal and conditional densities
// point by point, from GaussianMixture's own formulas.

#include "mixture/missing.h"

#include <doctest/doctest.h>
#include <gmmseg/fit.h>
#include <gmmseg/posterior.h>

#include <Eigen/LU>
#include <cmath>
#include <limits>
#include <random>

#include "generated.h"

namespace gmmseg {
namespace {

constexpr double kGap = std::numeric_limits<double>::quiet_NaN();

// Every value is taken away with this chance.
Eigen::MatrixXd WithGaps(Eigen::MatrixXd rows, double chance, unsigned seed = 5) {
  std::mt19937_64 random(seed);
  std::bernoulli_distribution gap(chance);
  for (double& value : rows.reshaped())
    if (gap(random)) value = kGap;
  return rows;
}

Samples Incomplete(const Eigen::MatrixXd& rows, const Eigen::VectorXd& weights = {}) {
  return Samples::FromRows(rows, weights, MissingValues::kMarginal);
}

std::vector<int> KnownOf(const Eigen::VectorXd& row) {
  std::vector<int> known;
  for (Eigen::Index d = 0; d < row.size(); ++d)
    if (std::isfinite(row[d])) known.push_back(static_cast<int>(d));
  return known;
}

// One EM step by the definition, sample by sample; full covariances.
struct Step {
  double log_likelihood = 0;  // per sample
  GaussianMixture model;
};
Step PlainStep(const GaussianMixture& model, const Eigen::MatrixXd& rows) {
  const int num_features = model.num_features();
  Eigen::VectorXd totals = Eigen::VectorXd::Zero(model.num_components());
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(model.num_components(), num_features);
  std::vector<Eigen::MatrixXd> squares(model.num_components(),
                                       Eigen::MatrixXd::Zero(num_features, num_features));
  Step step;
  double count = 0;
  for (const Eigen::VectorXd row : rows.rowwise()) {
    const std::vector<int> known = KnownOf(row);
    if (known.empty()) continue;
    ++count;
    const GaussianMixture marginal = Marginal(model, known);
    const Eigen::VectorXd values = row(known);
    step.log_likelihood += LogDensity(marginal, values);
    const Eigen::VectorXd posterior = Posterior(marginal, values);
    for (int k = 0; k < model.num_components(); ++k) {
      const Eigen::MatrixXd& covariance = model.covariances[k];
      const Eigen::MatrixXd gain =
          covariance(Eigen::all, known) * covariance(known, known).eval().inverse();
      const Eigen::VectorXd mean = model.means.row(k);
      const Eigen::VectorXd expected = mean + gain * (values - mean(known));
      totals[k] += posterior[k];
      sums.row(k) += posterior[k] * expected;
      squares[k] += posterior[k] * (expected * expected.transpose() + covariance -
                                    gain * covariance(known, Eigen::all));
    }
  }
  step.log_likelihood /= count;
  step.model = model;
  for (int k = 0; k < model.num_components(); ++k) {
    step.model.weights[k] = totals[k] / count;
    step.model.means.row(k) = sums.row(k) / totals[k];
    step.model.covariances[k] =
        squares[k] / totals[k] - step.model.means.row(k).transpose() * step.model.means.row(k);
  }
  return step;
}

FitResult FitFrom(const GaussianMixture& start, const Samples& samples, int max_iterations) {
  FitOptions options;
  options.start = start;
  options.max_iterations = max_iterations;
  options.acceleration = Acceleration::kOff;
  options.tolerance = 0;
  return FitMixture(samples, options);
}

}  // namespace

TEST_CASE("missing: one EM step is that of Ghahramani and Jordan, sample by sample") {
  const GaussianMixture truth = RandomMixture(3, 4);
  const Eigen::MatrixXd rows = WithGaps(Sample(truth, 3000, 2).points, 0.3);
  const GaussianMixture start = RandomMixture(3, 4, 9);
  const Step expected = PlainStep(start, rows);
  const FitResult found = FitFrom(start, Incomplete(rows), 1);
  CHECK(found.initial_log_likelihood == doctest::Approx(expected.log_likelihood).epsilon(1e-5));
  const GaussianMixture in_order = Reordered(expected.model, CanonicalOrder(expected.model));
  CHECK((found.model.weights - in_order.weights).cwiseAbs().maxCoeff() < 1e-5);
  CHECK((found.model.means - in_order.means).cwiseAbs().maxCoeff() < 1e-4);
  for (int k = 0; k < 3; ++k)
    CHECK((found.model.covariances[k] - in_order.covariances[k]).cwiseAbs().maxCoeff() < 1e-3);
}

TEST_CASE("missing: a fifth of 90,000 x 4 values taken away leaves the fit where it was") {
  GaussianMixture truth = RandomMixture(3, 4, 3);
  truth.means.col(0) << -8, 0, 8;
  const Eigen::MatrixXd rows = Sample(truth, 90000, 1).points;
  const FitResult whole = FitFrom(truth, Samples::FromRows(rows), 60);
  const FitResult gaps = FitFrom(truth, Incomplete(WithGaps(rows, 0.2)), 60);
  for (int k = 0; k < 3; ++k) {
    const Eigen::VectorXd deviations = whole.model.covariances[k].diagonal().cwiseSqrt();
    CHECK(((gaps.model.means.row(k) - whole.model.means.row(k)).transpose().array() /
           deviations.array())
              .abs()
              .maxCoeff() < 0.03);
    CHECK(std::abs(gaps.model.weights[k] / whole.model.weights[k] - 1) < 0.03);
    const Eigen::MatrixXd scaled =
        (gaps.model.covariances[k] - whole.model.covariances[k]).array() /
        (deviations * deviations.transpose()).array();
    CHECK(scaled.cwiseAbs().maxCoeff() < 0.03);
  }
}

TEST_CASE("missing: the likelihood never falls, whatever the covariance type and the blocks") {
  for (const CovarianceType type : {CovarianceType::kFull, CovarianceType::kTied,
                                    CovarianceType::kDiagonal, CovarianceType::kSpherical}) {
    const GaussianMixture truth = RandomMixture(3, {{0, 3, 1.0}, {3, 2, 0.5}}, 4);
    GaussianMixture untempered = truth;
    untempered.blocks[1].temper = 1;
    FitOptions options;
    options.num_components = 3;
    options.covariance_type = type;
    options.blocks = truth.blocks;
    options.restarts = 3;
    options.tolerance = 0;  // to the last of these
    options.max_iterations = 30;
    const FitResult fit =
        FitMixture(Incomplete(WithGaps(Sample(untempered, 4000, 3).points, 0.4)), options);
    REQUIRE(fit.history.size() == 30);
    for (std::size_t i = 1; i < fit.history.size(); ++i)
      CHECK(fit.history[i] >= fit.history[i - 1] - 1e-5);
  }
}

TEST_CASE("missing: posteriors and densities are those of the values that are there") {
  GaussianMixture model = RandomMixture(4, 5, 7);
  const Eigen::MatrixXd rows = WithGaps(Sample(model, 700, 4).points * 100, 0.5);
  model.means *= 100;
  for (Eigen::MatrixXd& covariance : model.covariances) covariance *= 1e4;
  const Samples samples = Incomplete(rows);
  VisitPosteriors(samples, model, [&](const PosteriorTile& tile) {
    for (std::int64_t i = 0; i < tile.count; ++i) {
      const Eigen::VectorXd row = rows.row(tile.first + i);
      const std::vector<int> known = KnownOf(row);
      if (known.empty()) continue;
      const GaussianMixture marginal = Marginal(model, known);
      const Eigen::VectorXd values = row(known);
      CHECK(tile.log_densities[i] == doctest::Approx(LogDensity(marginal, values)).epsilon(1e-4));
      const Eigen::VectorXd expected = Posterior(marginal, values);
      for (int k = 0; k < 4; ++k) CHECK(std::abs(tile.Posterior(k, i) - expected[k]) < 1e-3);
    }
  });
}

TEST_CASE("missing: what is filled in is the conditional expectation, and the rest stays") {
  const GaussianMixture model = RandomMixture(2, 3, 8);
  const Eigen::MatrixXd rows = WithGaps(Sample(model, 400, 6).points, 0.3);
  const Samples samples = Incomplete(rows);
  for (int d = 0; d < 3; ++d) {
    const std::vector<float> imputed = ImputedFeature(samples, model, d);
    for (Eigen::Index i = 0; i < rows.rows(); ++i) {
      const Eigen::VectorXd row = rows.row(i);
      const std::vector<int> known = KnownOf(row);
      if (known.empty()) continue;
      double expected = row[d];
      if (std::isnan(expected)) {
        expected = 0;
        const Eigen::VectorXd values = row(known);
        const Eigen::VectorXd posterior = Posterior(Marginal(model, known), values);
        for (int k = 0; k < 2; ++k) {
          const Eigen::MatrixXd& covariance = model.covariances[k];
          const Eigen::VectorXd mean = model.means.row(k);
          expected += posterior[k] * (mean[d] + (covariance.row(d)(known) *
                                                 covariance(known, known).eval().inverse() *
                                                 (values - mean(known)))
                                                    .value());
        }
      }
      CHECK(imputed[i] == doctest::Approx(expected).epsilon(1e-3));
    }
  }
}

TEST_CASE(
    "missing: no NaN reaches a plane, a row of gaps is no sample, and gaps alone change bits") {
  Eigen::MatrixXd rows = Sample(RandomMixture(2, 3), 100, 1).points;
  CHECK_FALSE(Incomplete(rows).has_missing());
  rows.row(7).setConstant(kGap);
  rows(9, 1) = kGap;
  rows(11, 2) = std::numeric_limits<double>::infinity();
  const Samples samples = Incomplete(rows);
  CHECK(samples.weights()[7] == 0);
  CHECK(samples.IsMissing(9, 1));
  CHECK(samples.IsMissing(11, 2));
  CHECK_FALSE(samples.IsMissing(9, 0));
  CHECK(samples.missing_patterns().size() == 3);
  for (int d = 0; d < 3; ++d)
    for (std::int64_t i = 0; i < samples.size(); ++i) CHECK(std::isfinite(samples.Plane(d)[i]));
  CHECK(Samples::FromRows(rows).weights()[9] == 0);
}

TEST_CASE("missing: an integer weight is that many samples, gaps and all") {
  const GaussianMixture truth = RandomMixture(3, 3, 2);
  const Eigen::MatrixXd rows = WithGaps(Sample(truth, 2000, 2).points, 0.2);
  Eigen::VectorXd weights(rows.rows());
  for (Eigen::Index i = 0; i < rows.rows(); ++i) weights[i] = static_cast<double>(i % 4);
  Eigen::MatrixXd repeated(static_cast<Eigen::Index>(weights.sum()), 3);
  for (Eigen::Index i = 0, j = 0; i < rows.rows(); ++i)
    for (int n = 0; n < weights[i]; ++n) repeated.row(j++) = rows.row(i);
  const FitResult weighted = FitFrom(truth, Incomplete(rows, weights), 30);
  const FitResult counted = FitFrom(truth, Incomplete(repeated), 30);
  CHECK(weighted.num_samples == counted.num_samples);
  CHECK(weighted.log_likelihood == doctest::Approx(counted.log_likelihood).epsilon(1e-6));
  CHECK((weighted.model.means - counted.model.means).cwiseAbs().maxCoeff() < 1e-4);
}

}  // namespace gmmseg
