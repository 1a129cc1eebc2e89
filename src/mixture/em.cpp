#include "mixture/em.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace gmmseg {
namespace {

// Moves a component that lost its samples to the one that the model fits worst, with the others'
// pooled covariance.
void PlaceAnew(GaussianMixture& model, int k, const WorstSample& worst) {
  Eigen::MatrixXd pooled = Eigen::MatrixXd::Zero(model.num_features(), model.num_features());
  for (int j = 0; j < model.num_components(); ++j)
    pooled += model.weights[j] * model.covariances[j];
  model.covariances[k] = pooled / model.weights.sum();
  for (int d = 0; d < model.num_features(); ++d) model.means(k, d) = worst.features[d];
  model.weights[k] = 1.0 / model.num_components();
}

void Drop(MaximizeResult& step, int k) {
  std::vector<int> kept;
  for (int j = 0; j < step.model.num_components(); ++j)
    if (j != k) kept.push_back(j);
  step.model = Reordered(step.model, kept);
  step.at_floor.erase(step.at_floor.begin() + k);
}

// One vanished component is placed anew, while rescues remain: two at the same sample would stay
// twins. The others are dropped, as is every one after the last rescue.
void RescueVanished(MaximizeResult& step, const WorstSample& worst, int iteration, int max_rescues,
                    EmResult& result) {
  const auto placed_anew = std::count_if(result.rescues.begin(), result.rescues.end(),
                                         [](const auto& r) { return !r.dropped; });
  bool may_place = placed_anew < max_rescues;
  for (auto k = step.vanished.rbegin(); k != step.vanished.rend(); ++k) {
    result.rescues.push_back({iteration, *k, !may_place});
    if (may_place)
      PlaceAnew(step.model, *k, worst);
    else
      Drop(step, *k);
    may_place = false;
  }
  step.model.weights /= step.model.weights.sum();
}

}  // namespace

EmResult RunEm(StatsSource& source, const GaussianMixture& start, const EmOptions& options) {
  EmResult result;
  result.model = start;
  result.at_floor.assign(start.num_components(), false);
  MixtureStats stats = source.Accumulate(start);
  double log_likelihood = result.initial_log_likelihood =
      stats.log_likelihood() / stats.num_samples();
  for (int iteration = 1; iteration <= options.max_iterations; ++iteration) {
    MaximizeResult step = Maximize(stats, options.rules, options.num_points);
    const bool rescued = !step.vanished.empty();
    if (rescued) RescueVanished(step, stats.worst(), iteration, options.max_rescues, result);
    result.model = std::move(step.model);
    result.at_floor = std::move(step.at_floor);

    stats = source.Accumulate(result.model);
    const double previous =
        std::exchange(log_likelihood, stats.log_likelihood() / stats.num_samples());
    result.history.push_back(log_likelihood);
    if (options.progress) options.progress(iteration, log_likelihood);
    if (!rescued && std::abs(log_likelihood - previous) < options.tolerance) {
      result.stop_reason = StopReason::kConverged;
      break;
    }
  }
  return result;
}

}  // namespace gmmseg
