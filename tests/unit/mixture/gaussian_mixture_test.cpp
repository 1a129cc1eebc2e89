#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/gaussian_mixture.h>

#include <cmath>

#include "generated.h"

namespace gmmseg {
namespace {

// Two components in two dimensions whose numbers are easy to hand to another program.
GaussianMixture Pair() {
  GaussianMixture model;
  model.blocks = {{0, 2, 1.0}};
  model.weights = Eigen::Vector2d(0.3, 0.7);
  model.means = Eigen::Matrix2d{{1, 2}, {-1, 0.5}};
  model.covariances = {Eigen::Matrix2d{{2, 0.5}, {0.5, 1}},
                       Eigen::Matrix2d{{1, -0.2}, {-0.2, 0.5}}};
  return model;
}

}  // namespace

TEST_CASE("mixture: log-density and posterior equal scipy's multivariate_normal") {
  // scipy 1.10.1: logsumexp(log(w) + multivariate_normal(m, c).logpdf(x)) at (0.3, 1.1), and the
  // normalised exponentials.
  const Eigen::Vector2d point(0.3, 1.1);
  CHECK(LogDensity(Pair(), point) == doctest::Approx(-2.8962840489764012).epsilon(1e-12));
  const Eigen::VectorXd posterior = Posterior(Pair(), point);
  CHECK(posterior[0] == doctest::Approx(0.428171758676125).epsilon(1e-12));
  CHECK(posterior.sum() == doctest::Approx(1.0));
}

TEST_CASE("mixture: far from every component the posterior is still a distribution") {
  const Eigen::VectorXd posterior = Posterior(Pair(), Eigen::Vector2d(1e8, -1e8));
  CHECK(posterior.allFinite());
  CHECK(posterior.sum() == doctest::Approx(1.0));
}

TEST_CASE("mixture: a temper of 0 ignores its block, 1 is the product") {
  GaussianMixture model = RandomMixture(3, {{0, 2, 1.0}, {2, 2, 0.0}});
  Eigen::VectorXd a(4), b(4);
  a << 0.5, -1, 2, 3;
  b << 0.5, -1, -7, 9;
  CHECK(Posterior(model, a).isApprox(Posterior(model, b)));
  CHECK_FALSE(IsDensity(model));
  model.blocks[1].temper = 1;
  GaussianMixture joint = model;
  joint.blocks = {{0, 4, 1.0}};
  CHECK(LogDensity(model, a) == doctest::Approx(LogDensity(joint, a)));
}

TEST_CASE("mixture: samples have the model's weights, means and covariances") {
  const GaussianMixture model = Pair();
  const MixtureSamples samples = Sample(model, 200000, 11);
  CHECK(std::is_sorted(samples.components.begin(), samples.components.end()));
  const auto first = std::count(samples.components.begin(), samples.components.end(), 0);
  CHECK(static_cast<double>(first) / 200000 == doctest::Approx(0.3).epsilon(0.01));
  const Eigen::MatrixXd points = samples.points.topRows(first);
  const Eigen::MatrixXd centred = points.rowwise() - points.colwise().mean();
  CHECK((points.colwise().mean() - model.means.row(0)).norm() < 0.02);
  CHECK((centred.transpose() * centred / static_cast<double>(first) - model.covariances[0]).norm() <
        0.04);
}

TEST_CASE("mixture: the same seed draws the same points, another seed others") {
  CHECK(Sample(Pair(), 50, 4).points == Sample(Pair(), 50, 4).points);
  CHECK(Sample(Pair(), 50, 4).points != Sample(Pair(), 50, 5).points);
  CHECK(Sample(Pair(), 0, 4).points.rows() == 0);
}

TEST_CASE("mixture: free parameters as scikit-learn counts them") {
  // sklearn 1.2.1 GaussianMixture._n_parameters for K = 3, D = 4: full 44, tied 24, diag 26,
  // spherical 17.
  GaussianMixture model = RandomMixture(3, 4);
  const std::pair<CovarianceType, int> expected[] = {{CovarianceType::kFull, 44},
                                                     {CovarianceType::kTied, 24},
                                                     {CovarianceType::kDiagonal, 26},
                                                     {CovarianceType::kSpherical, 17}};
  for (const auto& [type, count] : expected) {
    model.covariance_type = type;
    CHECK(NumFreeParameters(model) == count);
  }
}

TEST_CASE("mixture: units there and back change nothing") {
  const GaussianMixture model = RandomMixture(3, 3);
  const Standardization units{Eigen::Vector3d(100, -5, 3), Eigen::Vector3d(64, 0.25, 2)};
  const GaussianMixture back = FromStandardized(ToStandardized(model, units), units);
  CHECK(back.means.isApprox(model.means, 1e-12));
  for (int k = 0; k < 3; ++k) CHECK(back.covariances[k].isApprox(model.covariances[k], 1e-12));
}

TEST_CASE("mixture: canonical order is by mean, then by the next mean, then by weight") {
  GaussianMixture model = RandomMixture(4, 2);
  model.means << 5, 1, 2, 9, 2, 3, 2, 3;
  model.weights << 0.1, 0.2, 0.4, 0.3;
  CHECK(CanonicalOrder(model) == std::vector<int>{3, 2, 1, 0});
  CHECK(Reordered(model, {3, 2, 1, 0}).weights == Eigen::Vector4d(0.3, 0.4, 0.2, 0.1));
}

TEST_CASE("mixture: a component of weight 0 is as good as none") {
  const GaussianMixture pair = Pair();
  GaussianMixture three = Reordered(pair, {0, 1, 1});
  three.weights << pair.weights[0], 0, pair.weights[1];
  three.means.row(1).setZero();
  CHECK_NOTHROW(Validate(three));
  CHECK(three.PresentComponents() == std::vector<int>{0, 2});
  const Eigen::VectorXd point = pair.means.row(1);
  CHECK(LogDensity(three, point) == LogDensity(pair, point));
  CHECK(Posterior(three, point)[1] == 0);
  CHECK(Posterior(three, point)[2] == Posterior(pair, point)[1]);
  CHECK(NumFreeParameters(three) == NumFreeParameters(pair));
  CHECK(Sample(three, 500, 1).points == Sample(pair, 500, 1).points);
}

TEST_CASE("mixture: a model that breaks a rule is refused by name") {
  const auto broken = [](auto change) {
    GaussianMixture model = Pair();
    change(model);
    return model;
  };
  CHECK_THROWS_WITH_AS(Validate(broken([](auto& m) { m.weights[0] = 0.5; })),
                       "mixing weights add up to 1.200000; must be 1", ParameterError);
  CHECK_THROWS_WITH_AS(Validate(broken([](auto& m) { m.weights << 1.1, -0.1; })),
                       "mixing weights must be finite and >= 0", ParameterError);
  CHECK_THROWS_WITH_AS(Validate(broken([](auto& m) { m.covariances[1] = -m.covariances[1]; })),
                       "covariance of component 2 is not positive definite", ParameterError);
  CHECK_THROWS_AS(Validate(broken([](auto& m) { m.means(0, 0) = std::nan(""); })), ParameterError);
  CHECK_THROWS_AS(Validate(broken([](auto& m) { m.blocks = {{0, 1, 1.0}}; })), ParameterError);
  CHECK_THROWS_AS(Validate(broken([](auto& m) {
                    m.blocks = {{0, 1, 1.0}, {1, 1, 1.0}};
                  })),
                  ParameterError);
  CHECK_THROWS_AS(Validate(broken([](auto& m) { m.covariances.pop_back(); })), ParameterError);
  CHECK_THROWS_AS(Validate(GaussianMixture{}), ParameterError);
  CHECK_NOTHROW(Validate(Pair()));
}

TEST_CASE("mixture: an unknown covariance type names the known ones") {
  CHECK_THROWS_WITH_AS(ParseCovarianceType("round"),
                       "covariance type = 'round'; must be one of full, tied, diagonal, spherical",
                       ParameterError);
}

}  // namespace gmmseg
