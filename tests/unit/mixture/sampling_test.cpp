#include "mixture/sampling.h"

#include <doctest/doctest.h>
#include <gmmseg/errors.h>

#include <algorithm>
#include <cmath>

#include "generated.h"

using namespace gmmseg;

namespace {

constexpr std::int64_t kDraws = 100000;
constexpr double kStandardErrors = 5;

// Every moment of every component lies within so many of its standard errors: √(Σ_ii/n) of a mean,
// √((Σ_ii Σ_jj + Σ_ij²)/n) of a covariance.
void CheckMoments(const GaussianMixture& model) {
  const MixtureSamples samples = Sample(model, kDraws, 17);
  REQUIRE(std::ranges::is_sorted(samples.components));
  std::int64_t first = 0;
  for (int k = 0; k < model.num_components(); ++k) {
    const std::int64_t n = std::ranges::count(samples.components, k);
    const double weight = model.weights[k], draws = static_cast<double>(kDraws);
    CHECK(std::abs(static_cast<double>(n) / draws - weight) <=
          kStandardErrors * std::sqrt(weight * (1 - weight) / draws));
    const Eigen::MatrixXd points =
        samples.points.middleRows(first, n).rowwise() - model.means.row(k);
    const Eigen::MatrixXd& sigma = model.covariances[k];
    const Eigen::MatrixXd moments = points.transpose() * points / static_cast<double>(n);
    for (int i = 0; i < model.num_features(); ++i) {
      CHECK(std::abs(points.col(i).mean()) <=
            kStandardErrors * std::sqrt(sigma(i, i) / static_cast<double>(n)));
      for (int j = 0; j <= i; ++j)
        CHECK(std::abs(moments(i, j) - sigma(i, j)) <=
              kStandardErrors * std::sqrt((sigma(i, i) * sigma(j, j) + sigma(i, j) * sigma(i, j)) /
                                          static_cast<double>(n)));
    }
    first += n;
  }
}

}  // namespace

TEST_CASE("sampling: weights, means and covariances come back within their standard errors") {
  CheckMoments(RandomMixture(4, 3));
}

TEST_CASE("sampling: blocks are independent of one another") {
  CheckMoments(RandomMixture(3, {{0, 2, 1.0}, {2, 3, 1.0}, {5, 1, 1.0}}));
}

TEST_CASE("sampling: diagonal covariances of very different sizes") {
  GaussianMixture model = RandomMixture(2, 3);
  model.covariance_type = CovarianceType::kDiagonal;
  for (Eigen::MatrixXd& covariance : model.covariances)
    covariance = Eigen::Vector3d(1e-8, 1, 1e8).asDiagonal();
  CheckMoments(model);
}

TEST_CASE("sampling: a covariance that is nearly a line keeps to it") {
  GaussianMixture model = RandomMixture(1, 2);
  model.covariances[0] << 1, 1, 1, 1 + 1e-10;
  CheckMoments(model);
  const MixtureSamples samples = Sample(model, 1000, 3);
  const Eigen::VectorXd across = (samples.points.col(1).array() - model.means(0, 1)) -
                                 (samples.points.col(0).array() - model.means(0, 0));
  CHECK(across.cwiseAbs().maxCoeff() < 1e-4);
}

TEST_CASE("sampling: a covariance that is no more than a line is refused by name") {
  GaussianMixture model = RandomMixture(1, 2);
  model.covariances[0] << 1, 1, 1, 1;
  CHECK_THROWS_WITH_AS(Sample(model, 1, 3),
                       doctest::Contains("component 1 is not positive definite"), ParameterError);
}

TEST_CASE("sampling: draws one by one are those that are held") {
  const GaussianMixture model = RandomMixture(3, 2);
  const MixtureSamples samples = Sample(model, 200, 9);
  std::int64_t i = 0;
  VisitSamples(model, 200, 9, [&](int component, const Eigen::VectorXd& point) {
    CHECK(component == samples.components[i]);
    CHECK(point == samples.points.row(i++).transpose());
  });
  CHECK(i == 200);
}

TEST_CASE("sampling: a tempered model and a negative number are refused before the first draw") {
  const auto never = [](int, const Eigen::VectorXd&) { FAIL("drawn"); };
  CHECK_THROWS_WITH_AS(VisitSamples(RandomMixture(2, {{0, 1, 1.0}, {1, 2, 0.5}}), 5, 1, never),
                       doctest::Contains("no density"), ParameterError);
  CHECK_THROWS_AS(VisitSamples(RandomMixture(2, 2), -1, 1, never), ParameterError);
}
