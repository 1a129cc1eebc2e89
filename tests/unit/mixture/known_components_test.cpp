#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/fit.h>
#include <gmmseg/threads.h>

#include <cmath>

#include "generated.h"

namespace gmmseg {
namespace {

constexpr int kPoints = 4000;

Eigen::MatrixXd Points(const GaussianMixture& truth) { return Sample(truth, kPoints, 5).points; }

// Two of the truth's components, in descending order and somewhat beside themselves.
GaussianMixture TwoOf(const GaussianMixture& truth) {
  GaussianMixture known =
      Reordered(truth, {CanonicalOrder(truth).back(), CanonicalOrder(truth).front()});
  known.weights.setConstant(0.5);
  known.means.array() += 0.2;
  return known;
}

FitOptions OptionsWith(const GaussianMixture& known, int num_components, Freeze freeze) {
  FitOptions options;
  options.num_components = num_components;
  options.known = known;
  options.freeze = freeze;
  return options;
}

// Plain EM of the weights alone, point by point.
Eigen::VectorXd FittedWeights(GaussianMixture model, const Eigen::MatrixXd& rows, int iterations) {
  for (; iterations > 0; --iterations) {
    Eigen::VectorXd sums = Eigen::VectorXd::Zero(model.num_components());
    for (Eigen::Index i = 0; i < rows.rows(); ++i) sums += Posterior(model, rows.row(i));
    model.weights = sums / static_cast<double>(rows.rows());
  }
  return model.weights;
}

}  // namespace

TEST_CASE("known components: frozen ones keep every bit while weights and others are fitted") {
  const GaussianMixture truth = RandomMixture(4, 3, 2);
  const Samples samples = Samples::FromRows(Points(truth));
  for (const CovarianceType type :
       {CovarianceType::kFull, CovarianceType::kDiagonal, CovarianceType::kSpherical}) {
    CAPTURE(std::string(ToString(type)));
    FitOptions options = OptionsWith(TwoOf(truth), 4, Freeze::kOn);
    options.covariance_type = type;
    options.subsample_size = 200;
    options.tolerance = 1e-9;
    const FitResult fit = FitMixture(samples, options);
    options.max_iterations = 0;
    const FitResult start = FitMixture(samples, options);
    CHECK(fit.iterations > 1);
    CHECK(fit.model.means.topRows(2) == start.model.means.topRows(2));
    for (int k : {0, 1}) CHECK(fit.model.covariances[k] == start.model.covariances[k]);
    CHECK(fit.model.means.bottomRows(2) != start.model.means.bottomRows(2));
    CHECK(fit.model.weights != start.model.weights);
    double before = fit.initial_log_likelihood;
    for (const double log_likelihood : fit.history) {
      CHECK(log_likelihood >= before - 1e-6);
      before = log_likelihood;
    }
  }
}

TEST_CASE("known components: with all of them frozen EM fits the weights alone, as by hand") {
  const GaussianMixture truth = RandomMixture(3, 2, 4);
  const Eigen::MatrixXd rows = Points(truth);
  GaussianMixture known = truth;
  known.weights.setConstant(1.0 / 3);
  FitOptions options = OptionsWith(known, 3, Freeze::kOn);
  options.tolerance = 0;
  options.max_iterations = 7;
  const FitResult fit = FitMixture(Samples::FromRows(rows), options);
  CHECK(fit.model.weights.isApprox(FittedWeights(known, rows, 7), 1e-5));
}

TEST_CASE("known components: they start like a start model and keep their order") {
  const GaussianMixture truth = RandomMixture(3, 3, 7);
  const Samples samples = Samples::FromRows(Points(truth));
  std::vector<int> descending = CanonicalOrder(truth);
  std::reverse(descending.begin(), descending.end());
  const GaussianMixture known = Reordered(truth, descending);
  const FitResult fit = FitMixture(samples, OptionsWith(known, 3, Freeze::kOff));
  FitOptions from_start;
  from_start.start = known;
  const FitResult expected = FitMixture(samples, from_start);
  CHECK(fit.model.means.isApprox(expected.model.means.colwise().reverse(), 1e-12));
  CHECK(fit.log_likelihood == doctest::Approx(expected.log_likelihood).epsilon(1e-12));
}

TEST_CASE("known components: the others are found, and come behind them in canonical order") {
  const GaussianMixture truth = RandomMixture(5, 3, 3);
  const Samples samples = Samples::FromRows(Points(truth));
  const GaussianMixture known = TwoOf(truth);
  const FitResult fit = FitMixture(samples, OptionsWith(known, 5, Freeze::kOff));
  REQUIRE(fit.model.num_components() == 5);
  CHECK((fit.model.means.topRows(2) - known.means).cwiseAbs().maxCoeff() < 0.6);
  CHECK(fit.model.means(2, 0) <= fit.model.means(3, 0));
  CHECK(fit.model.means(3, 0) <= fit.model.means(4, 0));
  FitOptions free;
  free.num_components = 5;
  CHECK(fit.log_likelihood >= FitMixture(samples, free).log_likelihood - 0.01);
}

TEST_CASE("known components: one without samples stays where it was, with its number") {
  const GaussianMixture truth = RandomMixture(2, 2, 9);
  GaussianMixture known = truth;
  known.means.row(0).setConstant(1e4);
  for (const Freeze freeze : {Freeze::kOff, Freeze::kOn}) {
    const FitResult fit =
        FitMixture(Samples::FromRows(Points(truth)), OptionsWith(known, 2, freeze));
    REQUIRE(fit.model.num_components() == 2);
    CHECK(fit.rescues.empty());
    CHECK(fit.model.weights[0] < 1e-6);
    CHECK(fit.model.means.row(0).isApprox(known.means.row(0), 1e-9));
    CHECK(std::isfinite(fit.log_likelihood));
  }
}

TEST_CASE("known components: a point without extent is held open by the floor") {
  const GaussianMixture truth = RandomMixture(2, 2, 9);
  GaussianMixture known = Reordered(truth, {0});
  known.covariances[0].setZero();
  FitOptions options = OptionsWith(known, 2, Freeze::kOff);
  options.floor = 0.25 * Eigen::Matrix2d::Identity();
  options.max_iterations = 0;
  const Samples samples = Samples::FromRows(Points(truth));
  CHECK(FitMixture(samples, options).model.covariances[0].isApprox(options.floor, 1e-9));
  options.max_iterations = 100;
  CHECK(std::isfinite(FitMixture(samples, options).log_likelihood));
}

TEST_CASE("known components: as many as there are distinct points leave no room for others") {
  Eigen::MatrixXd rows(30, 1);
  for (int i = 0; i < 30; ++i) rows(i, 0) = i % 3;
  GaussianMixture known;
  known.blocks = {{0, 1, 1.0}};
  known.weights = Eigen::VectorXd::Ones(1);
  known.means = Eigen::MatrixXd::Constant(1, 1, 2);
  known.covariances = {Eigen::MatrixXd::Zero(1, 1)};
  const FitResult fit = FitMixture(Samples::FromRows(rows), OptionsWith(known, 4, Freeze::kOff));
  REQUIRE(fit.model.num_components() == 3);
  CHECK(fit.model.means.isApprox(Eigen::Vector3d(2, 0, 1), 1e-6));
}

TEST_CASE("known components: the fit does not depend on the number of threads") {
  const GaussianMixture truth = RandomMixture(4, 3, 2);
  const Samples samples = Samples::FromRows(Points(truth));
  const FitOptions options = OptionsWith(TwoOf(truth), 4, Freeze::kOn);
  const auto fit_with = [&](int threads) {
    const ThreadLimit limit(threads);
    return FitMixture(samples, options);
  };
  const FitResult one = fit_with(1), four = fit_with(4);
  CHECK(one.model.means == four.model.means);
  CHECK(one.model.weights == four.model.weights);
}

TEST_CASE("known components: what they do not go with is refused") {
  const GaussianMixture truth = RandomMixture(3, 2, 1);
  const Samples samples = Samples::FromRows(Points(truth));
  CHECK_THROWS_AS(FitMixture(samples, OptionsWith(truth, 2, Freeze::kOff)), ParameterError);
  FitOptions options = OptionsWith(truth, 3, Freeze::kOff);
  options.start = truth;
  CHECK_THROWS_AS(FitMixture(samples, options), ParameterError);
  options = OptionsWith(truth, 4, Freeze::kOn);
  options.covariance_type = CovarianceType::kTied;
  CHECK_THROWS_AS(FitMixture(samples, options), ParameterError);
  options = FitOptions();
  options.freeze = Freeze::kOn;
  CHECK_THROWS_AS(FitMixture(samples, options), ParameterError);
}

}  // namespace gmmseg
