#include <gmmseg/errors.h>
#include <gmmseg/fit.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "base/words.h"
#include "mixture/accumulate.h"
#include "mixture/em.h"
#include "mixture/initialize.h"
#include "mixture/starts.h"

namespace gmmseg {
namespace {

constexpr Word<InitMethod> kInitWords[] = {{InitMethod::kAuto, "auto"},
                                           {InitMethod::kKMeans, "kmeans"},
                                           {InitMethod::kHierarchical, "hierarchical"},
                                           {InitMethod::kRandom, "random"}};
constexpr Word<StopReason> kStopWords[] = {{StopReason::kConverged, "converged"},
                                           {StopReason::kMaxIterations, "max_iterations"}};

// What float arithmetic in plane units needs: covariances of at least 1e-10 of the data's variance.
constexpr double kNumericalFloor = 1e-10;
template <typename T>
void RequireAtLeast(T value, T least, const std::string& name) {
  if (!(value >= least))
    throw ParameterError(name + " = " + std::to_string(value) +
                         "; must be >= " + std::to_string(least));
}

void Check(const FitOptions& options) {
  RequireAtLeast(options.num_components, 1, "num_components");
  RequireAtLeast(options.restarts, 1, "restarts");
  RequireAtLeast<std::int64_t>(options.subsample_size, 1, "subsample_size");
  RequireAtLeast(options.max_iterations, 0, "max_iterations");
  RequireAtLeast(options.max_rescues, 0, "max_rescues");
  if (!(options.tolerance >= 0) || std::isinf(options.tolerance))
    throw ParameterError("tolerance = " + std::to_string(options.tolerance) +
                         "; must be finite and >= 0");
}

// The user's floor in plane units, raised to what float arithmetic needs.
Eigen::MatrixXd PlaneFloor(const Eigen::MatrixXd& floor, const Eigen::VectorXd& scale) {
  const Eigen::Index d = scale.size();
  const Eigen::MatrixXd smallest = kNumericalFloor * Eigen::MatrixXd::Identity(d, d);
  if (floor.size() == 0) return smallest;
  if (floor.rows() != d || floor.cols() != d)
    throw ParameterError("floor is " + std::to_string(floor.rows()) + " x " +
                         std::to_string(floor.cols()) + "; must be " + std::to_string(d) + " x " +
                         std::to_string(d));
  if (!floor.allFinite() || !floor.isApprox(floor.transpose(), 1e-9))
    throw ParameterError("floor must be finite and symmetric");
  const Eigen::VectorXd inverse = scale.cwiseInverse();
  return ClipToFloor(inverse.asDiagonal() * floor * inverse.asDiagonal(), smallest).covariance;
}

MaximizeRules Rules(const Samples& samples, const FitOptions& options) {
  MaximizeRules rules;
  rules.covariance_type = options.start ? options.start->covariance_type : options.covariance_type;
  rules.blocks = options.start ? options.start->blocks : options.blocks;
  if (rules.blocks.empty()) rules.blocks = {{0, samples.num_features(), 1.0}};
  rules.scale = samples.standardization().scale;
  rules.floor = PlaneFloor(options.floor, rules.scale);
  return rules;
}

// Every start to its end on all samples; the likeliest wins, the first of equals.
EmResult Best(const Samples& samples, const std::vector<GaussianMixture>& starts,
              const EmOptions& em) {
  SampleSource source(samples);
  EmResult best = RunEm(source, starts.front(), em);
  for (std::size_t i = 1; i < starts.size(); ++i) {
    EmResult other = RunEm(source, starts[i], em);
    if (other.log_likelihood() > best.log_likelihood()) best = std::move(other);
  }
  return best;
}

// From where the start led on a subsample; from the start itself if that ends below it.
EmResult Refined(const Samples& samples, const Starts& starts, const EmOptions& em) {
  SampleSource source(samples);
  const MixtureStats at_start = source.Accumulate(starts.models.front());
  const double initial = at_start.log_likelihood() / at_start.num_samples();
  EmResult fine = RunEm(source, *starts.coarse_end, em);
  if (!(fine.log_likelihood() >= initial)) return RunEm(source, starts.models.front(), em);
  fine.initial_log_likelihood = initial;
  return fine;
}

// From plane units to the user's, components in canonical order.
FitResult Report(const EmResult& em, const Starts& starts, const Samples& samples,
                 const FitOptions& options) {
  FitResult result;
  const GaussianMixture model = FromStandardized(em.model, samples.standardization());
  const std::vector<int> order = CanonicalOrder(model);
  const double shift = -LogScale(model, samples.standardization());
  const auto in_user_units = [shift](std::vector<double> values) {
    for (double& value : values) value += shift;
    return values;
  };
  result.model = Reordered(model, order);
  result.stop_reason = em.stop_reason;
  result.iterations = static_cast<int>(em.history.size());
  result.log_likelihood = em.log_likelihood() + shift;
  result.initial_log_likelihood = em.initial_log_likelihood + shift;
  result.history = in_user_units(em.history);
  result.num_samples = samples.weight_unit() *
                       std::accumulate(samples.weights(), samples.weights() + samples.size(), 0.0);
  result.requested_components =
      options.start ? options.start->num_components() : options.num_components;
  result.num_distinct = starts.num_distinct;
  result.restarts = static_cast<int>(starts.log_likelihoods.size());
  result.restart_log_likelihoods = in_user_units(starts.log_likelihoods);
  result.rescues = em.rescues;
  for (const int k : order) result.at_floor.push_back(em.at_floor[k]);
  return result;
}

}  // namespace

std::string_view ToString(InitMethod method) { return ToWord(method, kInitWords); }
InitMethod ParseInitMethod(std::string_view word) {
  return FromWord(word, kInitWords, "initialisation");
}
std::string_view ToString(StopReason reason) { return ToWord(reason, kStopWords); }
StopReason ParseStopReason(std::string_view word) {
  return FromWord(word, kStopWords, "reason to stop");
}

FitResult FitMixture(const Samples& samples, const FitOptions& options) {
  Check(options);
  if (CountPresent(samples) == 0)
    throw ParameterError("no sample has a weight > 0; there is nothing to fit");

  const MaximizeRules rules = Rules(samples, options);
  const Starts starts = ChooseStarts(samples, options, rules);
  for (const GaussianMixture& start : starts.models) Validate(start);

  EmOptions em{rules,
               NumPoints(samples),
               options.tolerance,
               options.max_iterations,
               options.max_rescues,
               options.acceleration,
               {}};
  const double shift = -LogScale(starts.models.front(), samples.standardization());
  if (options.progress)
    em.progress = [&](int iteration, double log_likelihood) {
      options.progress(iteration, log_likelihood + shift);
    };
  const EmResult best =
      starts.coarse_end ? Refined(samples, starts, em) : Best(samples, starts.models, em);
  return Report(best, starts, samples, options);
}

}  // namespace gmmseg
