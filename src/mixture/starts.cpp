#include "mixture/starts.h"

#include <gmmseg/component_match.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "mixture/accumulate.h"
#include "mixture/em.h"
#include "mixture/initialize.h"
#include "mixture/missing.h"

namespace gmmseg {
namespace {

// A few steps rank the starts; the better half is then taken to where it leads.
constexpr int kTrialIterations = 20;
constexpr double kTrialTolerance = 1e-3;
constexpr int kEndIterations = 200;
constexpr double kEndTolerance = 1e-5;

// Log-likelihoods per sample that differ by less are one optimum; by less than the second, the
// subsample cannot rank them: its own random error is about the deviation of a sample's
// log-density, 1 to 2, over the root of its size.
constexpr double kSameOptimum = 2e-4;
constexpr double kUndecided = 0.02;
constexpr std::size_t kMaxFinalists = 3;

// Samples that decide among finalists, and the number up to which all samples do.
constexpr std::int64_t kDecisionSize = 131072;
constexpr std::int64_t kMaxDecidedOnAll = 2 * kDecisionSize;
// Fewer samples save little by a climb on that many first.
constexpr std::int64_t kMinCoarseToFine = 4 * kDecisionSize;

// One component more, with its share of the weight to be.
void Append(const Eigen::RowVectorXd& mean, const Eigen::MatrixXd& covariance,
            GaussianMixture& model) {
  const int k = model.num_components();
  model.weights.conservativeResize(k + 1);
  model.weights[k] = k > 0 ? 1.0 / k : 1.0;  // the others' mean
  model.means.conservativeResize(k + 1, Eigen::NoChange);
  model.means.row(k) = mean;
  model.covariances.push_back(covariance);
}

// Components that a start on the subsample lacks, at points of the whole that no mean has yet.
void AddMissing(GaussianMixture& model, const Eigen::MatrixXd& distinct, int num_components,
                const MaximizeRules& rules) {
  for (Eigen::Index j = 0; j < distinct.rows() && model.num_components() < num_components; ++j) {
    if (((model.means.rowwise() - distinct.row(j)).cwiseAbs().rowwise().maxCoeff().array() < 1e-12)
            .any())
      continue;
    Append(distinct.row(j),
           rules.shares_covariance() ? model.covariances.front() : SmallestCovariance(rules),
           model);
  }
  model.weights /= model.weights.sum();
}

// The model to start from, its covariances of their type and above the floor, as they are after
// every step; as it is where no step of EM is asked for.
GaussianMixture GivenStart(const Samples& samples, const FitOptions& options,
                           const MaximizeRules& rules) {
  GaussianMixture start = ToPlaneUnits(*options.start, samples);
  const bool kmeans = options.method == FitMethod::kKMeans;
  if (options.max_iterations == 0 && !kmeans) return start;
  if (rules.shares_covariance())
    start.covariances.assign(start.num_components(), PooledCovariance(start));
  if (kmeans) start.weights.setConstant(1.0 / start.num_components());
  for (Eigen::MatrixXd& covariance : start.covariances)
    covariance = Clip(covariance, rules).covariance;
  return start;
}

// The known components first, then those of the start that are least like them.
GaussianMixture WithKnown(const GaussianMixture& start, const MaximizeRules& rules) {
  const GaussianMixture& known = rules.known;
  const int num_known = rules.num_known();
  if (num_known == 0) return start;
  std::set<int> replaced;
  for (const ComponentMatch& match : MatchComponents(known, start))
    replaced.insert(match.reference);
  GaussianMixture model = known;
  for (int k = 0; k < start.num_components(); ++k)
    if (!replaced.contains(k)) Append(start.means.row(k), start.covariances[k], model);
  const int num_components = model.num_components();
  model.weights.setConstant(1.0 / num_components);
  model.weights.head(num_known) = known.weights * num_known / num_components;
  if (model.covariance_type == CovarianceType::kTied)
    model.covariances.assign(num_components, PooledCovariance(model));
  return model;
}

// One start tried on a subsample.
struct Trial {
  GaussianMixture model;
  double log_likelihood = 0;
};

// EM for the first `count` trials; then all are sorted, best first.
void Climb(const Samples& subsample, const EmOptions& em, std::size_t count,
           std::vector<Trial>& trials) {
  tbb::parallel_for(std::size_t{0}, count, [&](std::size_t i) {
    const EmResult result = RunEm(*MakeSource(subsample, em.rules.method), trials[i].model, em);
    trials[i] = {result.model, result.log_likelihood()};
  });
  std::stable_sort(trials.begin(), trials.end(), [](const Trial& a, const Trial& b) {
    return a.log_likelihood > b.log_likelihood;
  });
}

EmOptions TrialOptions(const Samples& subsample, const FitOptions& options,
                       const MaximizeRules& rules) {
  return {rules,
          NumPoints(subsample),
          kTrialTolerance,
          kTrialIterations,
          options.max_rescues,
          options.acceleration,
          {}};
}

EmOptions ToTheEnd(EmOptions em) {
  em.tolerance = kEndTolerance;
  em.max_iterations = kEndIterations;
  return em;
}

// What a restart begins with.
struct StartKind {
  InitMethod method;
  Metric metric;
};

// For a mixture, k-means looks at both metrics in turn: classes lie along the directions of large
// variance, or across them.
StartKind KindOf(FitMethod method, InitMethod init, int restart) {
  const bool odd = restart % 2 == 1;
  if (init == InitMethod::kAuto)
    return odd ? StartKind{InitMethod::kRandom, Metric::kWhitened}
               : KindOf(method, InitMethod::kKMeans, restart / 2);
  if (method == FitMethod::kKMeans) return {init, Metric::kSphere};
  return {init, init == InitMethod::kKMeans && odd ? Metric::kScaled : Metric::kWhitened};
}

// Of that many restarts, those that are taken to where they lead.
std::size_t BetterHalf(int restarts) { return (static_cast<std::size_t>(restarts) + 1) / 2; }

// The known components stay as they are while the others look for their places. Tied covariances
// cannot.
MaximizeRules RulesOfTrials(const MaximizeRules& rules) {
  MaximizeRules of_trials = rules;
  if (rules.num_known() > 0 && rules.covariance_type != CovarianceType::kTied)
    of_trials.freeze = Freeze::kOn;
  return of_trials;
}

std::vector<Trial> Trials(const Samples& points, const Samples& subsample,
                          const FitOptions& options, const EmOptions& em,
                          const MaximizeRules& rules) {
  std::vector<Trial> trials(options.restarts);
  MaximizeRules of_start = rules;
  of_start.known = {};
  tbb::parallel_for(0, options.restarts, [&](int restart) {
    const StartKind kind = KindOf(options.method, options.init, restart);
    trials[restart].model =
        WithKnown(InitialModel(points, kind.method, kind.metric, options.num_components, of_start,
                               options.seed, restart),
                  rules);
  });
  Climb(subsample, em, trials.size(), trials);
  Climb(subsample, ToTheEnd(em), BetterHalf(options.restarts), trials);
  return trials;
}

// Where the better half leads by the rules of the fit itself.
std::vector<GaussianMixture> Ends(std::vector<Trial> trials, const Samples& subsample,
                                  const FitOptions& options, const MaximizeRules& rules) {
  trials.resize(BetterHalf(options.restarts));
  if (RulesOfTrials(rules).freeze != rules.freeze)
    Climb(subsample, ToTheEnd(TrialOptions(subsample, options, rules)), trials.size(), trials);
  std::vector<GaussianMixture> ends;
  for (Trial& trial : trials) ends.push_back(std::move(trial.model));
  return ends;
}

// The best trial and those that it does not clearly beat, one of each optimum.
std::vector<Trial> Finalists(const std::vector<Trial>& trials) {
  std::vector<Trial> finalists = {trials.front()};
  for (const Trial& trial : trials) {
    const bool same = finalists.back().log_likelihood - trial.log_likelihood < kSameOptimum;
    const bool beaten = trials.front().log_likelihood - trial.log_likelihood > kUndecided;
    if (!same && !beaten && finalists.size() < kMaxFinalists) finalists.push_back(trial);
  }
  return finalists;
}

// Where a given start leads on a subsample, if that is wanted and no component is lost: it may keep
// its samples on the whole.
std::optional<GaussianMixture> CoarseEnd(const Samples& samples, const GaussianMixture& start,
                                         const FitOptions& options, const MaximizeRules& rules) {
  const bool wanted = options.coarse_to_fine == CoarseToFine::kOn &&
                      options.acceleration == Acceleration::kOn && options.tolerance > 0 &&
                      options.max_iterations > 0;
  if (!wanted || CountPresent(samples) < kMinCoarseToFine) return std::nullopt;
  const Samples subsample = Subsample(samples, kDecisionSize, options.seed);
  EmOptions em = TrialOptions(subsample, options, rules);
  em.tolerance = options.tolerance;
  em.max_iterations = options.max_iterations;
  EmResult coarse = RunEm(*MakeSource(subsample, options.method), start, em);
  if (!coarse.rescues.empty()) return std::nullopt;
  return std::move(coarse.model);
}

Starts OneStart(const Samples& samples, const GaussianMixture& start, const FitOptions& options,
                const MaximizeRules& rules) {
  Starts starts;
  starts.models = {start};
  starts.coarse_end = CoarseEnd(samples, start, options, rules);
  starts.num_distinct = start.num_components();
  return starts;
}

// Where there are too few distinct samples for a choice of starts: each of them, or with known
// components those that no known one stands at.
GaussianMixture StartAtEach(const Eigen::MatrixXd& distinct, const FitOptions& options,
                            const MaximizeRules& rules) {
  if (rules.num_known() == 0) return PointMasses(distinct, rules);
  GaussianMixture start = rules.known;
  AddMissing(start, distinct, options.num_components, rules);
  return start;
}

}  // namespace

Starts ChooseStarts(const Samples& samples, const FitOptions& options, const MaximizeRules& rules) {
  if (options.start) return OneStart(samples, GivenStart(samples, options, rules), options, rules);
  if (rules.num_known() == options.num_components)
    return OneStart(samples, rules.known, options, rules);
  // A gap stands at 0 in its plane, where there is no sample: starts come from whole samples,
  // unless these are too few.
  std::optional<Samples> whole;
  if (samples.has_missing()) whole = WholeSamples(samples);
  if (whole && DistinctSamples(*whole, options.num_components + 1).rows() <= options.num_components)
    whole.reset();
  const Eigen::MatrixXd distinct =
      DistinctSamples(whole ? *whole : samples, options.num_components + 1);
  const int num_distinct = static_cast<int>(distinct.rows());
  if (num_distinct <= options.num_components)
    return {{StartAtEach(distinct, options, rules)}, {}, {}, {}, num_distinct};

  const Samples subsample = Subsample(samples, options.subsample_size, options.seed);
  const MaximizeRules of_trials = RulesOfTrials(rules);
  const EmOptions em = TrialOptions(subsample, options, of_trials);
  if (whole) whole = Subsample(*whole, options.subsample_size, options.seed);
  const std::vector<Trial> trials =
      Trials(whole ? *whole : subsample, subsample, options, em, rules);
  std::vector<Trial> finalists = Finalists(trials);
  if (samples.size() > kMaxDecidedOnAll) {
    const Samples larger = Subsample(samples, kDecisionSize, options.seed);
    Climb(larger, ToTheEnd(TrialOptions(larger, options, of_trials)), finalists.size(), finalists);
    finalists.resize(1);
  }

  Starts starts;
  starts.num_distinct = num_distinct;
  for (Trial& finalist : finalists) {
    AddMissing(finalist.model, distinct, options.num_components, rules);
    starts.models.push_back(std::move(finalist.model));
  }
  for (const Trial& trial : trials) starts.log_likelihoods.push_back(trial.log_likelihood);
  if (options.restart_models == RestartModels::kKeep)
    starts.ends = Ends(trials, subsample, options, rules);
  return starts;
}

}  // namespace gmmseg
