// What nasty inputs have taught: each case once made a fit fail, lie or refuse.

#include <doctest/doctest.h>
#include <gmmseg/fit.h>
#include <gmmseg/posterior.h>

#include <cmath>

#include "generated.h"

namespace gmmseg {

TEST_CASE("robust: differences too small to be squared count as none") {
  for (const double scale : {1e-130, 1e-200, 1e-310, 5e-324}) {
    CAPTURE(scale);
    const FitResult result = FitMixture(
        Samples::FromRows(scale * Sample(RandomMixture(3, 2), 50, 5).points), FitOptions{});
    Validate(result.model);
    CHECK(result.num_distinct == 1);
    CHECK(result.model.num_components() == 1);
    CHECK(std::isfinite(result.log_likelihood));
  }
}

// Its weight hardly moves the deviations that the planes are scaled by.
TEST_CASE("robust: a sample that weighs next to nothing, however far, leaves the fit as it is") {
  Eigen::MatrixXd rows = Sample(RandomMixture(2, 2, 3), 500, 5).points;
  FitOptions options;
  options.num_components = 2;
  const FitResult without = FitMixture(Samples::FromRows(rows.topRows(499)), options);
  Eigen::VectorXd weights = Eigen::VectorXd::Ones(500);
  weights[499] = 1e-37;
  for (const double distance : {1e6, 1e14, 1e25}) {
    CAPTURE(distance);
    rows.row(499) << distance, -distance;
    const FitResult with = FitMixture(Samples::FromRows(rows, weights), options);
    CHECK(with.log_likelihood == doctest::Approx(without.log_likelihood).epsilon(1e-4));
    CHECK((with.model.means - without.model.means).cwiseAbs().maxCoeff() < 0.02);
  }
}

TEST_CASE("robust: the weight of a row that is no number does not drown those of the others") {
  Eigen::MatrixXd rows = Sample(RandomMixture(2, 2, 3), 500, 5).points;
  FitOptions options;
  options.num_components = 2;
  const FitResult without = FitMixture(Samples::FromRows(rows.topRows(499)), options);
  rows(499, 0) = std::nan("");
  Eigen::VectorXd weights = Eigen::VectorXd::Ones(500);
  weights[499] = 1e17;
  const FitResult with = FitMixture(Samples::FromRows(rows, weights), options);
  CHECK(with.log_likelihood == doctest::Approx(without.log_likelihood).epsilon(1e-9));
  CHECK(with.num_samples == 499);
}

TEST_CASE("robust: the mixing weights add up to 1 in double precision") {
  const Samples samples = Samples::FromRows(Sample(RandomMixture(6, 3), 5000, 5).points);
  FitOptions options;
  options.num_components = 6;
  CHECK(std::abs(FitMixture(samples, options).model.weights.sum() - 1) < 1e-14);
}

TEST_CASE(
    "robust: a spherical fit of features in very different units can be applied to its data") {
  Eigen::MatrixXd rows = Sample(RandomMixture(2, 2, 3), 200, 5).points;
  rows.col(0) *= 1e-20;
  rows.col(1) *= 1e20;
  FitOptions options;
  options.num_components = 2;
  options.covariance_type = CovarianceType::kSpherical;
  const Samples samples = Samples::FromRows(rows);
  const FitResult result = FitMixture(samples, options);
  VisitPosteriors(samples, result.model, [&](const PosteriorTile& tile) {
    for (std::int64_t i = 0; i < tile.count; ++i)
      CHECK(tile.log_densities[i] ==
            doctest::Approx(LogDensity(result.model, samples.Value(tile.first + i))).epsilon(1e-4));
  });
}

TEST_CASE("robust: points that no component can tell apart count as one, and the result says so") {
  Eigen::MatrixXd rows(40, 1);
  for (int i = 0; i < 40; ++i) rows(i, 0) = std::pow(7.0, i);
  FitOptions options;
  options.num_components = 5;
  for (const InitMethod init :
       {InitMethod::kAuto, InitMethod::kKMeans, InitMethod::kHierarchical, InitMethod::kRandom}) {
    options.init = init;
    const FitResult result = FitMixture(Samples::FromRows(rows), options);
    CHECK(result.rescues.empty());
    CHECK(result.model.num_components() == std::min(5, result.num_distinct));
  }
  options.num_components = 40;
  const FitResult all = FitMixture(Samples::FromRows(rows), options);
  CHECK(all.num_distinct < 20);
  CHECK(all.model.num_components() == all.num_distinct);
}

TEST_CASE("robust: a start below the floor, or not of its type, does not let the likelihood fall") {
  const Samples samples = Samples::FromRows(Sample(RandomMixture(2, 2, 3), 200, 5).points);
  for (const CovarianceType type : {CovarianceType::kFull, CovarianceType::kTied,
                                    CovarianceType::kDiagonal, CovarianceType::kSpherical}) {
    CAPTURE(std::string(ToString(type)));
    FitOptions options;
    options.floor = Eigen::Matrix2d{{9, 2}, {2, 7}};
    options.start = RandomMixture(2, 2, 3);
    options.start->covariance_type = type;
    options.max_iterations = 1;
    const FitResult one = FitMixture(samples, options);
    CHECK(one.history.at(0) >= one.initial_log_likelihood - 1e-6);
    options.max_iterations = 0;
    CHECK(FitMixture(samples, options).model.covariances[0].trace() < 9);  // as it is
  }
}

TEST_CASE("robust: tied components stay tied when one is added that the subsample did not have") {
  Eigen::MatrixXd rows(400, 1);
  for (int i = 0; i < 400; ++i) rows(i, 0) = i % 2 ? 200 + i % 7 : 10;
  rows(17, 0) = 90;
  FitOptions options;
  options.num_components = 5;
  options.covariance_type = CovarianceType::kTied;
  options.subsample_size = 3;
  options.max_iterations = 0;
  const GaussianMixture model = FitMixture(Samples::FromRows(rows), options).model;
  REQUIRE(model.num_components() == 5);
  for (const Eigen::MatrixXd& covariance : model.covariances)
    CHECK(covariance.isApprox(model.covariances[0]));
}

// Two points in five dimensions: the width of their component in the other directions is what float
// sums leave there, and once swung the likelihood up and down until the last iteration.
TEST_CASE("robust: a component that lies in a plane does not make the likelihood swing") {
  int num_converged = 0;
  for (unsigned seed = 1; seed <= 50; ++seed) {
    Eigen::MatrixXd rows = Sample(RandomMixture(1, 5, seed), 30, 5).points;
    for (int i = 3; i < 15; ++i)
      rows.row(i) = rows.row(0) + (i - 3) / 11.0 * (rows.row(1) - rows.row(0));
    FitOptions options;
    options.num_components = 2;
    options.seed = seed;
    const FitResult result = FitMixture(Samples::FromRows(rows), options);
    CAPTURE(seed);
    double previous = result.initial_log_likelihood;
    for (const double value : result.history) {
      CHECK(value >= previous - 1e-5 * (1 + std::abs(previous)));
      previous = value;
    }
    num_converged += result.converged();
  }
  CHECK(num_converged == 50);
}

}  // namespace gmmseg
