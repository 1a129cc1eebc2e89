#include "mixture/em_step.h"

#include <doctest/doctest.h>
#include <gmmseg/fit.h>

#include <cmath>

#include "generated.h"
#include "mixture/accumulate.h"

namespace gmmseg {
namespace {

const std::vector<FeatureBlock> kBlocks = {{0, 2, 1.0}, {2, 1, 0.5}};

// A model that suits its type.
GaussianMixture Start(CovarianceType type) {
  GaussianMixture model = RandomMixture(3, kBlocks, 2);
  model.covariance_type = type;
  for (Eigen::MatrixXd& covariance : model.covariances)
    if (type == CovarianceType::kDiagonal)
      covariance = Eigen::MatrixXd(covariance.diagonal().asDiagonal());
    else if (type != CovarianceType::kFull)
      covariance = Eigen::MatrixXd::Identity(3, 3);
  return model;
}

Samples Points() { return PlainSamples(Sample(RandomMixture(3, 3), 3000, 5).points); }

double MeanLogLikelihood(const Samples& samples, const GaussianMixture& model) {
  const MixtureStats stats = SampleSource(samples).Accumulate(model);
  return stats.log_likelihood() / stats.num_samples();
}

}  // namespace

TEST_CASE("em step: from statistics alone it is one iteration of a fit, for every type and floor") {
  const Samples samples = Points();
  for (const CovarianceType type : {CovarianceType::kFull, CovarianceType::kTied,
                                    CovarianceType::kDiagonal, CovarianceType::kSpherical})
    for (const double floor : {1e-6, 0.5}) {
      FitOptions options;
      options.start = Start(type);
      for (Eigen::MatrixXd& covariance : options.start->covariances)
        covariance += Eigen::MatrixXd::Identity(3, 3);  // above the floor
      options.floor = floor * Eigen::MatrixXd::Identity(3, 3);
      options.tolerance = 0;
      options.max_iterations = 1;
      const FitResult fit = FitMixture(samples, options);
      const EmStep step =
          StepFrom(*options.start, SampleSource(samples).Accumulate(*options.start),
                   RulesFor(samples.standardization(), options.floor, type, kBlocks));
      const GaussianMixture ordered = Reordered(step.model, CanonicalOrder(step.model));
      CHECK(ordered.weights == fit.model.weights);
      CHECK(ordered.means == fit.model.means);
      CHECK(ordered.covariances == fit.model.covariances);
    }
}

TEST_CASE("em step: the likelihood rises by the gain at least, and by no more than twice as much") {
  const Samples samples = Points();
  for (const CovarianceType type : {CovarianceType::kFull, CovarianceType::kSpherical}) {
    GaussianMixture model = Start(type);
    double gain = 0, rise = 0;
    for (int i = 0; i < 60; ++i) {
      const EmStep step = StepFrom(model, SampleSource(samples).Accumulate(model),
                                   RulesFor(samples.standardization(), {}, type, kBlocks));
      rise = MeanLogLikelihood(samples, step.model) - MeanLogLikelihood(samples, model);
      gain = step.gain;
      CHECK(rise > gain - 1e-6);
      model = step.model;
    }
    CHECK(rise < 2 * gain + 1e-6);
  }
}

TEST_CASE("em step: a component that holds no sample stays where it is, without weight, for good") {
  const Samples samples = Points();
  GaussianMixture model = Start(CovarianceType::kFull);
  model.means.row(1).setConstant(300);
  const MaximizeRules rules =
      RulesFor(samples.standardization(), {}, model.covariance_type, kBlocks);
  const EmStep step = StepFrom(model, SampleSource(samples).Accumulate(model), rules);
  CHECK(step.lost == std::vector<int>{1});
  CHECK(step.model.weights[1] == 0);
  CHECK(step.model.weights.sum() == doctest::Approx(1));
  CHECK(step.model.means.row(1) == model.means.row(1));
  CHECK(step.model.covariances[1] == model.covariances[1]);
  CHECK(std::isfinite(step.gain));
  const EmStep next = StepFrom(step.model, SampleSource(samples).Accumulate(step.model), rules);
  CHECK(next.lost.empty());
  CHECK(next.model.weights[1] == 0);
}

}  // namespace gmmseg
