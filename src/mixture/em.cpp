#include "mixture/em.h"

#include <gmmseg/errors.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "mixture/climb_trace.h"
#include "mixture/extrapolate.h"

namespace gmmseg {
namespace {

// Moves a component that lost its samples to the one that the model fits worst, with the others'
// pooled covariance.
void PlaceAnew(GaussianMixture& model, int k, const WorstSample& worst) {
  model.covariances[k] = PooledCovariance(model);
  for (int d = 0; d < model.num_features(); ++d) model.means(k, d) = worst.features[d];
  model.weights[k] = 1.0 / model.num_components();
}

void Drop(MaximizeResult& step, const std::vector<int>& dropped) {
  std::vector<int> kept;
  std::vector<bool> at_floor;
  for (int k = 0; k < step.model.num_components(); ++k) {
    if (std::binary_search(dropped.begin(), dropped.end(), k)) continue;
    kept.push_back(k);
    at_floor.push_back(step.at_floor[k]);
  }
  step.model = Reordered(step.model, kept);
  step.at_floor = std::move(at_floor);
}

// One vanished component is placed anew, while rescues remain: two at the same sample would stay
// twins. The others are dropped, as is every one after the last rescue.
void RescueVanished(MaximizeResult& step, const WorstSample& worst, int iteration, int max_rescues,
                    EmResult& result) {
  const auto placed_anew = std::count_if(result.rescues.begin(), result.rescues.end(),
                                         [](const auto& r) { return !r.dropped; });
  std::vector<int> dropped = step.vanished;
  if (placed_anew < max_rescues && !worst.features.empty()) {
    PlaceAnew(step.model, dropped.back(), worst);
    result.rescues.push_back({iteration, dropped.back(), false});
    dropped.pop_back();
  }
  for (const int k : dropped) result.rescues.push_back({iteration, k, true});
  Drop(step, dropped);
  step.model.weights /= step.model.weights.sum();
}

// The state of one fit: the model, the statistics taken at it, and what has happened so far.
class Climb {
 public:
  Climb(StatsSource& source, const GaussianMixture& start, const EmOptions& options)
      : source_(source), options_(options), trace_(options.trace_length) {
    result_.at_floor.assign(start.num_components(), false);
    Move(start, Look(start));
    trace_.Add(0, start);
    result_.initial_log_likelihood = log_likelihood_;
  }

  bool AtLimit() const {
    return static_cast<int>(result_.history.size()) >= options_.max_iterations;
  }

  // One EM step. Returns whether it has converged: there is little left to climb, or nothing.
  bool Step() {
    MaximizeResult step = Maximize(stats_, options_.rules, options_.num_points);
    const bool rescued = !step.vanished.empty();
    if (rescued) {
      const int iteration = static_cast<int>(result_.history.size()) + 1;
      RescueVanished(step, source_.FindWorst(result_.model), iteration, options_.max_rescues,
                     result_);
    }
    const double previous = log_likelihood_;
    if (rescued)
      Take(step, Look(step.model));
    else if (!TakeUphill(step))
      return true;
    return !rescued && std::abs(log_likelihood_ - previous) < options_.tolerance;
  }

  // From `before`, the model before the last step, and this one: a longer step, if it is no worse
  // than where we are, else one EM step. Longer ones are allowed after a success at full length,
  // shorter ones after a failure. Returns whether there is nothing left to climb.
  bool Leap(const GaussianMixture& before) {
    MaximizeResult step = Maximize(stats_, options_.rules, options_.num_points);
    if (!step.vanished.empty() || before.num_components() != result_.model.num_components())
      return false;
    const Extrapolation far =
        Extrapolate(before, result_.model, step.model, max_length_, options_.rules);
    if (far.length > 1) {
      MixtureStats stats = Look(far.model);
      if (!stats.overflowed() && Objective(far.model, stats) >= log_likelihood_) {
        if (far.length == max_length_) max_length_ *= kLengthGrowth;
        step.model = far.model;
        Take(step, std::move(stats));
        return false;
      }
      max_length_ = std::max(kLengthGrowth, far.length / kLengthGrowth);
    }
    return !TakeUphill(step);
  }

  const GaussianMixture& model() const { return result_.model; }
  EmResult Finish(StopReason reason) {
    result_.stop_reason = reason;
    result_.num_samples = stats_.num_samples();
    result_.log_prior = LogPrior(result_.model, options_.rules);
    result_.trace = trace_.Take();
    return std::move(result_);
  }

 private:
  static constexpr double kLengthGrowth = 4;
  // Of the log-likelihood: what float arithmetic may get wrong.
  static constexpr double kRounding = 1e-6;

  // What is climbed, per sample.
  double Objective(const GaussianMixture& model, const MixtureStats& stats) const {
    return stats.log_likelihood() / stats.num_samples() + LogPrior(model, options_.rules);
  }

  MixtureStats Look(const GaussianMixture& model) {
    ++result_.passes;
    return source_.Accumulate(model);
  }

  void Move(const GaussianMixture& model, MixtureStats stats) {
    if (stats.overflowed())
      throw ParameterError(
          "the model lies too far from the samples for their statistics to be held; start closer "
          "to the data");
    result_.model = model;
    stats_ = std::move(stats);
    log_likelihood_ = Objective(model, stats_);
  }

  // An EM step falls by no more than rounding. Where it does all the same, the model hangs on what
  // floats cannot tell, such as the width of a component whose features cancel out: we stay.
  bool TakeUphill(const MaximizeResult& step) {
    MixtureStats stats = Look(step.model);
    const double lowest = log_likelihood_ - kRounding * (1 + std::abs(log_likelihood_));
    if (Objective(step.model, stats) < lowest) return false;
    Take(step, std::move(stats));
    return true;
  }

  void Take(const MaximizeResult& step, MixtureStats stats) {
    result_.at_floor = step.at_floor;
    Move(step.model, std::move(stats));
    result_.history.push_back(log_likelihood_);
    const int iteration = static_cast<int>(result_.history.size());
    trace_.Add(iteration, result_.model);
    if (options_.progress) options_.progress(iteration, log_likelihood_);
  }

  StatsSource& source_;
  const EmOptions& options_;
  EmResult result_;
  ClimbTrace trace_;
  MixtureStats stats_;
  double log_likelihood_ = 0;  // per sample, with the prior
  double max_length_ = kLengthGrowth;
};

}  // namespace

EmResult RunEm(StatsSource& source, const GaussianMixture& start, const EmOptions& options) {
  const bool leaps = options.acceleration == Acceleration::kOn && options.tolerance > 0;
  Climb climb(source, start, options);
  while (!climb.AtLimit()) {
    const GaussianMixture before = climb.model();
    if (climb.Step()) return climb.Finish(StopReason::kConverged);
    if (leaps && !climb.AtLimit() && climb.Leap(before))
      return climb.Finish(StopReason::kConverged);
  }
  return climb.Finish(StopReason::kMaxIterations);
}

}  // namespace gmmseg
