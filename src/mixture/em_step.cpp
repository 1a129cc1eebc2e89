#include "mixture/em_step.h"

#include <Eigen/Cholesky>
#include <cmath>
#include <utility>

#include "mixture/log_determinant.h"

namespace gmmseg {
namespace {

// Components are to keep their places, so that nothing is dropped or placed anew.
void SetAside(int k, const GaussianMixture& before, EmStep& step) {
  if (before.weights[k] > 0) step.lost.push_back(k);
  step.model.weights[k] = 0;
  step.model.means.row(k) = before.means.row(k);
  if (step.model.covariance_type != CovarianceType::kTied)
    step.model.covariances[k] = before.covariances[k];
  step.at_floor[k] = false;
}

// The mean over the component's samples of Σ_b W_b log N(x_b; μ_kb, Σ_kb), but for the constants.
double MeanLogDensity(const GaussianMixture& model, int k, const MixtureStats& stats) {
  const Eigen::VectorXd shift = stats.Mean(k) - model.means.row(k).transpose();
  const Eigen::MatrixXd scatter = stats.Covariance(k) + shift * shift.transpose();
  double sum = 0;
  for (const FeatureBlock& b : model.blocks) {
    const Eigen::LLT<Eigen::MatrixXd> factor(
        model.covariances[k].block(b.first, b.first, b.size, b.size));
    const double distance = factor.solve(scatter.block(b.first, b.first, b.size, b.size)).trace();
    sum -= b.temper * (LogDeterminant(factor) + distance) / 2;
  }
  return sum;
}

double Gain(const GaussianMixture& before, const GaussianMixture& after,
            const MixtureStats& stats) {
  double gain = 0;
  for (const int k : after.PresentComponents())
    gain += stats.Weight(k) / stats.num_samples() *
            (std::log(after.weights[k] / before.weights[k]) + MeanLogDensity(after, k, stats) -
             MeanLogDensity(before, k, stats));
  return gain;
}

}  // namespace

EmStep StepFrom(const GaussianMixture& before, const MixtureStats& stats,
                const MaximizeRules& rules) {
  MaximizeResult maximum = Maximize(stats, rules, stats.num_samples());
  EmStep step{std::move(maximum.model), std::move(maximum.at_floor), {}, 0};
  for (const int k : maximum.vanished) SetAside(k, before, step);
  if (!maximum.vanished.empty()) step.model.weights /= step.model.weights.sum();
  step.gain =
      Gain(before, step.model, stats) + LogPrior(step.model, rules) - LogPrior(before, rules);
  return step;
}

}  // namespace gmmseg
