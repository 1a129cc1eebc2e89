#include <gmmseg/errors.h>
#include <gmmseg/fit.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <string>

#include "base/words.h"
#include "mixture/accumulate.h"
#include "mixture/em.h"
#include "mixture/initialize.h"
#include "mixture/missing.h"
#include "mixture/refine.h"
#include "mixture/sphere.h"
#include "mixture/starts.h"

namespace gmmseg {
namespace {

constexpr Word<FitMethod> kMethodWords[] = {{FitMethod::kMixture, "gmm"},
                                            {FitMethod::kKMeans, "kmeans"}};
constexpr Word<InitMethod> kInitWords[] = {{InitMethod::kAuto, "auto"},
                                           {InitMethod::kKMeans, "kmeans"},
                                           {InitMethod::kHierarchical, "hierarchical"},
                                           {InitMethod::kRandom, "random"}};
constexpr Word<StopReason> kStopWords[] = {{StopReason::kConverged, "converged"},
                                           {StopReason::kMaxIterations, "max_iterations"}};

constexpr int kPriorIterations = 100;  // at most, of the fit that finds a prior

template <typename T>
void RequireAtLeast(T value, T least, const std::string& name) {
  if (!(value >= least))
    throw ParameterError(name + " = " + std::to_string(value) +
                         "; must be >= " + std::to_string(least));
}

void CheckFeatures(const Samples& samples) {
  AlignedBuffer<float> scratch;
  for (int d = 0; d < samples.num_features() && samples.has_missing(); ++d) {
    const float* const weights = samples.WeightsOfFeature(d, scratch);
    if (std::none_of(weights, weights + samples.size(), [](float weight) { return weight > 0; }))
      throw ParameterError("feature " + std::to_string(d + 1) +
                           " is missing in every sample, so that nothing can be said of it; leave "
                           "it out");
  }
}

void CheckKnown(const FitOptions& options) {
  const int num_known = options.known ? options.known->num_components() : 0;
  if (options.freeze == Freeze::kOn && num_known == 0)
    throw ParameterError("no component is known that could be frozen; give some, or freeze none");
  if (options.known && options.start)
    throw ParameterError("known components and a start model; give one of them");
  if (num_known > options.num_components)
    throw ParameterError("known components: " + std::to_string(num_known) +
                         " with num_components = " + std::to_string(options.num_components) +
                         "; must be at most as many");
  if (options.freeze == Freeze::kOn && num_known < options.num_components &&
      options.covariance_type == CovarianceType::kTied)
    throw ParameterError(
        "frozen components with tied covariances, which are one for all components; choose "
        "another covariance type");
}

void Check(const Samples& samples, const FitOptions& options) {
  RequireAtLeast(options.num_components, 1, "num_components");
  RequireAtLeast(options.restarts, 1, "restarts");
  RequireAtLeast<std::int64_t>(options.subsample_size, 1, "subsample_size");
  RequireAtLeast(options.max_iterations, 0, "max_iterations");
  RequireAtLeast(options.max_rescues, 0, "max_rescues");
  RequireAtLeast(options.trace_length, 0, "trace_length");
  if (!(options.tolerance >= 0) || std::isinf(options.tolerance))
    throw ParameterError("tolerance = " + std::to_string(options.tolerance) +
                         "; must be finite and >= 0");
  CheckKnown(options);
  if (CountPresent(samples) == 0)
    throw ParameterError("no sample has a weight > 0; there is nothing to fit");
  CheckFeatures(samples);
  if (options.method == FitMethod::kKMeans && samples.has_missing())
    throw ParameterError(
        "samples lack values, and k-means has no distance to them; skip these samples, or fit a "
        "mixture");
  if (!(options.prior_share >= 0) || std::isinf(options.prior_share))
    throw ParameterError("prior_share = " + std::to_string(options.prior_share) +
                         "; must be finite and >= 0");
  if (options.method == FitMethod::kKMeans && options.prior_share > 0)
    throw ParameterError(
        "a prior of the covariances, which k-means has none of; fit a mixture, or leave it away");
  if (options.method == FitMethod::kKMeans && options.known)
    throw ParameterError(
        "known components, which k-means has no use for; fit a mixture, or leave them away");
}

// Its covariances as those of every model are after a step.
GaussianMixture KnownComponents(const GaussianMixture& known,
                                const Standardization& standardization,
                                const MaximizeRules& rules) {
  GaussianMixture model = ToStandardized(known, standardization);
  model.covariance_type = rules.covariance_type;
  model.blocks = rules.blocks;
  model.weights /= model.weights.sum();
  if (rules.covariance_type == CovarianceType::kTied)
    model.covariances.assign(model.num_components(), PooledCovariance(model));
  for (Eigen::MatrixXd& covariance : model.covariances)
    covariance = Clip(covariance, rules).covariance;
  return model;
}

// The options, with those set that the method decides.
FitOptions Decided(FitOptions options) {
  if (options.start) options.covariance_type = options.start->covariance_type;
  if (options.start) options.blocks = options.start->blocks;
  if (options.method == FitMethod::kMixture) return options;
  options.covariance_type = CovarianceType::kSpherical;
  options.acceleration = Acceleration::kOff;
  if (options.start) options.start->covariance_type = CovarianceType::kSpherical;
  return options;
}

// Puts the components that are known into the rules.
void TakeKnown(const FitOptions& options, const Standardization& standardization,
               MaximizeRules& rules) {
  if (options.known) rules.known = KnownComponents(*options.known, standardization, rules);
  rules.freeze = options.freeze;
}

// What the prior draws covariances towards, in plane units: of whole samples alone.
Eigen::MatrixXd PriorCovariance(const Samples& samples, const FitOptions& options,
                                const MaximizeRules& rules) {
  if (options.start) return PooledCovariance(ToPlaneUnits(*options.start, samples));
  const Samples whole = samples.has_missing() ? WholeSamples(samples) : Samples();
  const Samples subsample =
      Subsample(CountPresent(whole) > 0 ? whole : samples, options.subsample_size, options.seed);
  MaximizeRules tied = rules;
  tied.covariance_type = CovarianceType::kTied;
  tied.known = {};
  const GaussianMixture start = InitialModel(subsample, InitMethod::kKMeans, Metric::kScaled,
                                             options.num_components, tied, options.seed, 0);
  const EmOptions em{tied,
                     NumPoints(subsample),
                     options.tolerance,
                     kPriorIterations,
                     options.max_rescues,
                     options.acceleration,
                     {}};
  return RunEm(*MakeSource(subsample, tied.method), start, em).model.covariances.front();
}

MaximizeRules Rules(const Samples& samples, const FitOptions& options) {
  if (options.method == FitMethod::kKMeans)
    return KMeansRules(samples.standardization(), options.floor, options.blocks,
                       UnitSphere(samples, options.blocks));
  MaximizeRules rules =
      RulesFor(samples.standardization(), options.floor, options.covariance_type, options.blocks);
  TakeKnown(options, samples.standardization(), rules);
  if (options.prior_share > 0)
    rules.prior = {options.prior_share, PriorCovariance(samples, options, rules)};
  return rules;
}

// The known components as they are, then the others in canonical order.
std::vector<int> FinalOrder(const GaussianMixture& model, const FitOptions& options) {
  const int num_known = options.known ? options.known->num_components() : 0;
  std::vector<int> order = CanonicalOrder(model);
  std::erase_if(order, [&](int k) { return k < num_known; });
  std::vector<int> known(num_known);
  std::iota(known.begin(), known.end(), 0);
  order.insert(order.begin(), known.begin(), known.end());
  return order;
}

// Every start to its end on all samples; the likeliest wins, the first of equals.
EmResult Best(StatsSource& source, const std::vector<GaussianMixture>& starts,
              const EmOptions& em) {
  EmResult best = RunEm(source, starts.front(), em);
  for (std::size_t i = 1; i < starts.size(); ++i) {
    EmResult other = RunEm(source, starts[i], em);
    if (other.log_likelihood() > best.log_likelihood()) best = std::move(other);
  }
  return best;
}

// From where the start led on a subsample; from the start itself if that ends below it.
EmResult Refined(StatsSource& source, const Starts& starts, const EmOptions& em) {
  const MixtureStats at_start = source.Accumulate(starts.models.front());
  const double initial = at_start.log_likelihood() / at_start.num_samples() +
                         LogPrior(starts.models.front(), em.rules);
  EmResult fine = RunEm(source, *starts.coarse_end, em);
  if (!(fine.log_likelihood() >= initial)) return RunEm(source, starts.models.front(), em);
  fine.initial_log_likelihood = initial;
  if (!fine.trace.empty() && fine.trace.front().iteration == 0)
    fine.trace.front().model = starts.models.front();
  return fine;
}

// The climb's models after those of the climb before, which it went on from.
void TakeTrace(const EmResult& em, const Standardization& standardization,
               const std::vector<int>& order, FitResult& result) {
  std::vector<TracePoint>& trace = result.trace;
  if (!trace.empty() && trace.back().model.num_components() != std::ssize(order)) trace.clear();
  for (TracePoint& point : trace) point.model = Reordered(point.model, order);
  const bool goes_on = !trace.empty();
  for (const TracePoint& point : em.trace)
    if (point.iteration > 0 || !goes_on)
      trace.push_back({result.iterations + point.iteration,
                       Reordered(FromStandardized(point.model, standardization), order)});
}

// The end of a climb in the user's units, components in their order.
void TakeEnd(const EmResult& em, const Standardization& standardization, const FitOptions& options,
             FitResult& result) {
  const GaussianMixture model = FromStandardized(em.model, standardization);
  const std::vector<int> order = FinalOrder(model, options);
  const double shift = -LogScale(model, standardization);
  result.model = Reordered(model, order);
  TakeTrace(em, standardization, order, result);
  result.stop_reason = em.stop_reason;
  result.iterations += static_cast<int>(em.history.size());
  result.log_likelihood = em.log_likelihood() - em.log_prior + shift;
  for (const double value : em.history) result.history.push_back(value + shift);
  result.rescues.insert(result.rescues.end(), em.rescues.begin(), em.rescues.end());
  if (em.history.empty() && !result.at_floor.empty()) return;  // no step: nothing new is known
  result.at_floor.clear();
  for (const int k : order) result.at_floor.push_back(em.at_floor[k]);
}

CovariancePrior InUserUnits(const CovariancePrior& prior, const Eigen::VectorXd& scale) {
  if (prior.share == 0) return {};
  return {prior.share, scale.asDiagonal() * prior.covariance * scale.asDiagonal()};
}

FitResult Report(const EmResult& em, const Starts& starts, const Samples& samples,
                 const FitOptions& options, const CovariancePrior& prior) {
  FitResult result;
  result.method = options.method;
  result.prior = InUserUnits(prior, samples.standardization().scale);
  TakeEnd(em, samples.standardization(), options, result);
  const double shift = -LogScale(result.model, samples.standardization());
  result.initial_log_likelihood = em.initial_log_likelihood + shift;
  result.num_samples = samples.weight_unit() *
                       std::accumulate(samples.weights(), samples.weights() + samples.size(), 0.0);
  result.requested_components =
      options.start ? options.start->num_components() : options.num_components;
  result.num_distinct = starts.num_distinct;
  result.restarts = static_cast<int>(starts.log_likelihoods.size());
  for (const double value : starts.log_likelihoods)
    result.restart_log_likelihoods.push_back(value + shift);
  for (const GaussianMixture& end : starts.ends) {
    const GaussianMixture model = FromStandardized(end, samples.standardization());
    result.restart_models.push_back(Reordered(model, CanonicalOrder(model)));
  }
  return result;
}

}  // namespace

std::string_view ToString(FitMethod method) { return ToWord(method, kMethodWords); }
FitMethod ParseFitMethod(std::string_view word) { return FromWord(word, kMethodWords, "method"); }
std::string_view ToString(InitMethod method) { return ToWord(method, kInitWords); }
InitMethod ParseInitMethod(std::string_view word) {
  return FromWord(word, kInitWords, "initialisation");
}
std::string_view ToString(StopReason reason) { return ToWord(reason, kStopWords); }
StopReason ParseStopReason(std::string_view word) {
  return FromWord(word, kStopWords, "reason to stop");
}

FitResult FitMixture(const Samples& samples, const FitOptions& asked) {
  Check(samples, asked);
  const FitOptions options = Decided(asked);
  const MaximizeRules rules = Rules(samples, options);
  const Starts starts = ChooseStarts(samples, options, rules);
  for (const GaussianMixture& start : starts.models) Validate(start);

  EmOptions em{rules,
               NumPoints(samples),
               options.tolerance,
               options.max_iterations,
               options.max_rescues,
               options.acceleration,
               {},
               options.trace_length};
  const double shift = -LogScale(starts.models.front(), samples.standardization());
  if (options.progress)
    em.progress = [&](int iteration, double log_likelihood) {
      options.progress(iteration, log_likelihood + shift);
    };
  const std::unique_ptr<StatsSource> source = MakeSource(samples, options.method, options.ranks);
  const EmResult best =
      starts.coarse_end ? Refined(*source, starts, em) : Best(*source, starts.models, em);
  return Report(best, starts, samples, options, rules.prior);
}

FitResult RefineFit(FitResult fit, StatsSource& source, const Standardization& standardization,
                    double weight_unit, double num_points, const FitOptions& options) {
  const GaussianMixture start = ToStandardized(fit.model, standardization);
  MaximizeRules rules = RulesLike(start, fit, standardization, options.floor);
  TakeKnown(options, standardization, rules);
  const EmOptions em{rules,
                     num_points,
                     options.tolerance,
                     options.max_iterations,
                     /*max_rescues=*/0,
                     Acceleration::kOff,
                     {},
                     options.trace_length};
  const StopReason reason = fit.stop_reason;
  const EmResult end = RunEm(source, start, em);
  TakeEnd(end, standardization, options, fit);
  fit.stop_reason = reason;
  fit.num_samples = weight_unit * end.num_samples;
  return fit;
}

}  // namespace gmmseg
