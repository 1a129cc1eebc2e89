#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/posterior.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "generated.h"

namespace gmmseg {

TEST_CASE("posteriors: every sample once, equal to the definition, in the user's units") {
  const GaussianMixture model = RandomMixture(3, {{0, 2, 1.0}, {2, 1, 0.5}});
  const Eigen::MatrixXd points = Sample(RandomMixture(3, 3), 5000, 5).points;
  const Samples samples = Samples::FromRows(points);
  std::vector<int> visits(5000);
  std::vector<double> worst(5000);
  VisitPosteriors(samples, model, [&](const PosteriorTile& tile) {
    for (std::int64_t i = 0; i < tile.count; ++i) {
      const Eigen::VectorXd x = points.row(tile.first + i), expected = Posterior(model, x);
      double& error = worst[tile.first + i];
      ++visits[tile.first + i];
      for (int k = 0; k < 3; ++k)
        error = std::max(error, std::abs(tile.Posterior(k, i) - expected[k]));
      error = std::max(error, 0.1 * std::abs(tile.log_densities[i] - LogDensity(model, x)));
    }
  });
  CHECK(std::count(visits.begin(), visits.end(), 1) == 5000);
  CHECK(*std::max_element(worst.begin(), worst.end()) < 1e-4);
}

TEST_CASE("posteriors: absent components have none, wherever they stand, others what they had") {
  const GaussianMixture present = RandomMixture(3, 2);
  const Samples samples = Samples::FromRows(3 * Eigen::MatrixXd::Random(2000, 2));
  std::vector<std::vector<float>> expected(3, std::vector<float>(2000));
  std::vector<float> densities(2000);
  VisitPosteriors(samples, present, [&](const PosteriorTile& tile) {
    for (std::int64_t i = 0; i < tile.count; ++i) {
      for (int k = 0; k < 3; ++k) expected[k][tile.first + i] = tile.Posterior(k, i);
      densities[tile.first + i] = tile.log_densities[i];
    }
  });
  for (const std::vector<int>& places :
       {std::vector{0, 1, 2}, {1, 2, 4}, {0, 3, 4}, {2, 3, 4}, {0, 2, 4}, {1, 2, 3}}) {
    GaussianMixture model = Reordered(present, {0, 0, 0, 0, 0});
    model.weights.setZero();
    model.means.setConstant(1e30);  // where they stand does not matter
    for (int k = 0; k < 3; ++k) {
      model.weights[places[k]] = present.weights[k];
      model.means.row(places[k]) = present.means.row(k);
      model.covariances[places[k]] = present.covariances[k];
    }
    std::vector<int> differing(2000);
    VisitPosteriors(samples, model, [&](const PosteriorTile& tile) {
      for (std::int64_t i = 0; i < tile.count; ++i) {
        float sum = 0;
        int& differs = differing[tile.first + i];
        for (int k = 0; k < 5; ++k) sum += tile.Posterior(k, i);
        differs = tile.log_densities[i] != densities[tile.first + i] || std::abs(sum - 1) > 1e-5f;
        for (int k = 0; k < 3; ++k)
          differs |= tile.Posterior(places[k], i) != expected[k][tile.first + i];
      }
    });
    CHECK(std::ranges::count(differing, 0) == 2000);
  }
}

TEST_CASE("posteriors: thousands of components fit into bounded memory") {
  GaussianMixture model = RandomMixture(1, 1);
  const int num_components = 5000;
  model.weights = Eigen::VectorXd::Constant(num_components, 1.0 / num_components);
  model.means = Eigen::VectorXd::LinSpaced(num_components, 0, num_components - 1);
  model.covariances.assign(num_components, Eigen::MatrixXd::Constant(1, 1, 0.01));
  const Samples samples = Samples::FromRows(Eigen::VectorXd::LinSpaced(1000, 0, 999));
  std::vector<float> own(1000);
  VisitPosteriors(samples, model, [&](const PosteriorTile& tile) {
    for (std::int64_t i = 0; i < tile.count; ++i)
      own[tile.first + i] = tile.Posterior(static_cast<int>(tile.first + i), i);
  });
  CHECK(*std::min_element(own.begin(), own.end()) > 0.999f);
}

TEST_CASE("posteriors: a model of other features is refused") {
  CHECK_THROWS_WITH_AS(VisitPosteriors(Samples::FromRows(Eigen::MatrixXd::Random(5, 2)),
                                       RandomMixture(2, 3), [](const auto&) {}),
                       "the model has 3 features, the samples 2", ParameterError);
}

}  // namespace gmmseg
