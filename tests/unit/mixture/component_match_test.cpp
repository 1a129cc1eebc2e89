#include <doctest/doctest.h>
#include <gmmseg/component_match.h>
#include <gmmseg/errors.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "generated.h"

namespace gmmseg {
namespace {

GaussianMixture OneNormal(double mean, double variance) {
  GaussianMixture model = RandomMixture(1, 1);
  model.means(0, 0) = mean;
  model.covariances[0](0, 0) = variance;
  return model;
}

double Distance(const GaussianMixture& a, const GaussianMixture& b) {
  return BhattacharyyaDistances(a, b)(0, 0);
}

// ∫ sqrt(p q) by the trapezoidal rule, which is exact to rounding for such smooth functions.
double IntegralOfRoots(double mean_p, double variance_p, double mean_q, double variance_q) {
  const auto log_density = [](double x, double mean, double variance) {
    return -0.5 * ((x - mean) * (x - mean) / variance + std::log(2 * std::acos(-1.0) * variance));
  };
  constexpr double kStep = 1.0 / 64;
  double sum = 0;
  for (double x = -60; x <= 60; x += kStep)
    sum +=
        std::exp(0.5 * (log_density(x, mean_p, variance_p) + log_density(x, mean_q, variance_q)));
  return sum * kStep;
}

// What stands at place j was component order[j].
std::vector<int> Shuffled(int count) {
  std::vector<int> order(count);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), std::mt19937_64(4));
  return order;
}

}  // namespace

TEST_CASE("bhattacharyya: closed forms in one dimension") {
  CHECK(Distance(OneNormal(1, 4), OneNormal(1, 4)) == 0);
  CHECK(Distance(OneNormal(0, 4), OneNormal(3, 4)) == doctest::Approx(9.0 / 32));
  CHECK(Distance(OneNormal(0, 1), OneNormal(0, 9)) == doctest::Approx(0.5 * std::log(5.0 / 3)));
}

TEST_CASE("bhattacharyya: exp of minus the distance is the integral of the root of the product") {
  for (const auto& [mean, variance] :
       {std::pair(0.0, 1.0), std::pair(2.0, 1.5), std::pair(-3.0, 0.25), std::pair(1.0, 16.0)})
    CHECK(std::exp(-Distance(OneNormal(0.5, 2), OneNormal(mean, variance))) ==
          doctest::Approx(IntegralOfRoots(0.5, 2, mean, variance)).epsilon(1e-9));
}

TEST_CASE("bhattacharyya: symmetric, and the same in any units") {
  const GaussianMixture a = RandomMixture(4, 3, 1), b = RandomMixture(5, 3, 2);
  const Eigen::MatrixXd distances = BhattacharyyaDistances(a, b);
  CHECK(distances.minCoeff() > 0);
  CHECK(distances.isApprox(BhattacharyyaDistances(b, a).transpose(), 1e-12));
  const Standardization units{Eigen::Vector3d(5, -2, 100), Eigen::Vector3d(0.1, 3, 40)};
  CHECK(distances.isApprox(
      BhattacharyyaDistances(ToStandardized(a, units), ToStandardized(b, units)), 1e-9));
}

TEST_CASE("bhattacharyya: blocks add up by their tempers") {
  const GaussianMixture a = RandomMixture(3, {{0, 2, 1.0}, {2, 1, 0.25}}, 1);
  const GaussianMixture b = RandomMixture(3, {{0, 2, 1.0}, {2, 1, 0.25}}, 2);
  const auto with = [](GaussianMixture model, double color, double position) {
    model.blocks[0].temper = color;
    model.blocks[1].temper = position;
    return model;
  };
  const Eigen::MatrixXd color = BhattacharyyaDistances(with(a, 1, 0), with(b, 1, 0));
  const Eigen::MatrixXd position = BhattacharyyaDistances(with(a, 0, 1), with(b, 0, 1));
  CHECK(BhattacharyyaDistances(a, b).isApprox(color + 0.25 * position, 1e-12));
}

TEST_CASE("bhattacharyya: mixtures of other features are refused, far ones are numbers") {
  CHECK_THROWS_AS(BhattacharyyaDistances(RandomMixture(2, 3), RandomMixture(2, 2)), ParameterError);
  CHECK(Distance(OneNormal(-1e150, 1e-20), OneNormal(1e150, 1e-20)) == 1e100);
  CHECK(MatchComponents(OneNormal(-1e150, 1e-20), OneNormal(1e150, 1e-20))[0].reference == 0);
}

TEST_CASE("match: a mixture with itself, shuffled, finds every component") {
  for (const int num_components : {1, 4, 9, 300}) {
    CAPTURE(num_components);
    const GaussianMixture reference = RandomMixture(num_components, 3);
    const std::vector<int> order = Shuffled(num_components);
    const std::vector<ComponentMatch> matches =
        MatchComponents(Reordered(reference, order), reference);
    for (int j = 0; j < num_components; ++j) {
      REQUIRE(matches[j].reference == order[j]);
      CHECK(matches[j].coefficient == doctest::Approx(1));
      CHECK(matches[j].margin > 0);
    }
  }
}

TEST_CASE("match: does not depend on the order of components on either side") {
  const GaussianMixture model = RandomMixture(5, 2, 1), reference = RandomMixture(7, 2, 2);
  const std::vector<int> order = Shuffled(5), reference_order = Shuffled(7);
  const std::vector<ComponentMatch> plain = MatchComponents(model, reference);
  const std::vector<ComponentMatch> shuffled =
      MatchComponents(Reordered(model, order), Reordered(reference, reference_order));
  for (int j = 0; j < 5; ++j) {
    CHECK(reference_order[shuffled[j].reference] == plain[order[j]].reference);
    CHECK(shuffled[j].coefficient == doctest::Approx(plain[order[j]].coefficient));
    CHECK(shuffled[j].margin == doctest::Approx(plain[order[j]].margin));
  }
}

TEST_CASE("match: of unequal numbers the nearest are matched, the rest is left") {
  const GaussianMixture reference = RandomMixture(6, 2);
  const std::vector<ComponentMatch> fewer =
      MatchComponents(Reordered(reference, {4, 1}), reference);
  CHECK(fewer[0].reference == 4);
  CHECK(fewer[1].reference == 1);
  const std::vector<ComponentMatch> more = MatchComponents(reference, Reordered(reference, {4, 1}));
  CHECK(more[4].reference == 0);
  CHECK(more[1].reference == 1);
  CHECK(std::ranges::count(more, -1, &ComponentMatch::reference) == 4);
  CHECK(more[0].coefficient == 0);
}

TEST_CASE("match: components that moved together keep their order") {
  // Shifted by as much as their distance: the second lies where the first was.
  GaussianMixture reference = RandomMixture(3, 1);
  reference.means << 0, 10, 20;
  for (Eigen::MatrixXd& covariance : reference.covariances) covariance(0, 0) = 1;
  GaussianMixture moved = reference;
  moved.means.array() += 7;
  const std::vector<ComponentMatch> matches = MatchComponents(moved, reference);
  for (int k = 0; k < 3; ++k) CHECK(matches[k].reference == k);
  CHECK(matches[0].margin < 0);
}

}  // namespace gmmseg
