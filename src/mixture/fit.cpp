#include <gmmseg/errors.h>
#include <gmmseg/fit.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "base/words.h"
#include "mixture/accumulate.h"
#include "mixture/em.h"
#include "mixture/initialize.h"

namespace gmmseg {
namespace {

constexpr Word<InitMethod> kInitWords[] = {{InitMethod::kKMeans, "kmeans"},
                                           {InitMethod::kHierarchical, "hierarchical"},
                                           {InitMethod::kRandom, "random"}};
constexpr Word<StopReason> kStopWords[] = {{StopReason::kConverged, "converged"},
                                           {StopReason::kMaxIterations, "max_iterations"}};

// What float arithmetic in plane units needs: covariances of at least 1e-10 of the data's variance.
constexpr double kNumericalFloor = 1e-10;
// EM on the subsample: a few steps rank the starts, and the best are taken to where they lead.
constexpr int kTrialIterations = 30;
constexpr double kTrialTolerance = 1e-4;
constexpr int kFinalists = 3;
constexpr int kFinalIterations = 200;
constexpr double kFinalTolerance = 1e-6;

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

// Components that a start on the subsample lacks, at points of the whole that no mean has yet.
void AddMissing(GaussianMixture& model, const Eigen::MatrixXd& distinct, int num_components,
                const MaximizeRules& rules) {
  for (Eigen::Index j = 0; j < distinct.rows() && model.num_components() < num_components; ++j) {
    const int k = model.num_components();
    if (((model.means.rowwise() - distinct.row(j)).cwiseAbs().rowwise().maxCoeff().array() < 1e-12)
            .any())
      continue;
    model.weights.conservativeResize(k + 1);
    model.weights[k] = 1.0 / (k + 1);
    model.means.conservativeResize(k + 1, Eigen::NoChange);
    model.means.row(k) = distinct.row(j);
    model.covariances.push_back(SmallestCovariance(rules));
  }
  model.weights /= model.weights.sum();
}

// One start tried on the subsample.
struct Trial {
  GaussianMixture model;
  double log_likelihood = 0;
};

void SortBestFirst(std::vector<Trial>& trials) {
  std::stable_sort(trials.begin(), trials.end(), [](const Trial& a, const Trial& b) {
    return a.log_likelihood > b.log_likelihood;
  });
}

// EM on the subsample for the first `count` trials.
void Improve(const Samples& subsample, const EmOptions& em, int count, std::vector<Trial>& trials) {
  tbb::parallel_for(0, count, [&](int i) {
    SampleSource source(subsample);
    const EmResult result = RunEm(source, trials[i].model, em);
    trials[i] = {result.model, result.log_likelihood()};
  });
  SortBestFirst(trials);
}

// Every start for a few steps, then the few best to the end.
std::vector<Trial> Trials(const Samples& subsample, const FitOptions& options,
                          const MaximizeRules& rules) {
  EmOptions em{rules,
               NumPoints(subsample),
               kTrialTolerance,
               kTrialIterations,
               options.max_rescues,
               options.acceleration,
               {}};
  std::vector<Trial> trials(options.restarts);
  tbb::parallel_for(0, options.restarts, [&](int restart) {
    trials[restart].model =
        InitialModel(subsample, options.init, options.num_components, rules, options.seed, restart);
  });
  Improve(subsample, em, options.restarts, trials);
  em.tolerance = kFinalTolerance;
  em.max_iterations = kFinalIterations;
  Improve(subsample, em, std::min(kFinalists, options.restarts), trials);
  return trials;
}

struct Start {
  GaussianMixture model;                // plane units
  std::vector<double> log_likelihoods;  // of the trials, best first
  int num_distinct = 0;                 // distinct points, counted as far as needed
};

Start ChooseStart(const Samples& samples, const FitOptions& options, const MaximizeRules& rules) {
  if (options.start)
    return {ToPlaneUnits(*options.start, samples), {}, options.start->num_components()};
  const Eigen::MatrixXd distinct = DistinctSamples(samples, options.num_components + 1);
  const int num_distinct = static_cast<int>(distinct.rows());
  if (num_distinct <= options.num_components)
    return {PointMasses(distinct, rules), {}, num_distinct};
  const std::vector<Trial> trials =
      Trials(Subsample(samples, options.subsample_size, options.seed), options, rules);
  Start start{trials.front().model, {}, num_distinct};
  AddMissing(start.model, distinct, options.num_components, rules);
  for (const Trial& trial : trials) start.log_likelihoods.push_back(trial.log_likelihood);
  return start;
}

// From plane units to the user's, components in canonical order.
FitResult Report(const EmResult& em, const Start& start, const Samples& samples,
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
  result.num_distinct = start.num_distinct;
  result.restarts = static_cast<int>(start.log_likelihoods.size());
  result.restart_log_likelihoods = in_user_units(start.log_likelihoods);
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

FitResult FitMixture(const Samples& samples, const FitOptions& options) {
  Check(options);
  if (CountPresent(samples) == 0)
    throw ParameterError("no sample has a weight > 0; there is nothing to fit");

  const MaximizeRules rules = Rules(samples, options);
  const Start start = ChooseStart(samples, options, rules);
  Validate(start.model);

  EmOptions em{rules,
               NumPoints(samples),
               options.tolerance,
               options.max_iterations,
               options.max_rescues,
               options.acceleration,
               {}};
  const double shift = -LogScale(start.model, samples.standardization());
  if (options.progress)
    em.progress = [&](int iteration, double log_likelihood) {
      options.progress(iteration, log_likelihood + shift);
    };
  SampleSource source(samples);
  return Report(RunEm(source, start.model, em), start, samples, options);
}

}  // namespace gmmseg
