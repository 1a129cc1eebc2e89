// Fitting a Gaussian mixture by expectation-maximisation (Dempster, Laird, Rubin 1977).
#pragma once

#include <gmmseg/gaussian_mixture.h>
#include <gmmseg/ranks.h>
#include <gmmseg/samples.h>

#include <Eigen/Core>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gmmseg {

enum class FitMethod {
  kMixture,  // expectation-maximisation: every sample belongs to all components, to each by its
             // probability
  kKMeans,   // k-means (Lloyd 1982): every sample belongs wholly to the nearest mean. It is the
            // classification EM of a mixture whose components all have the same weight and the same
            // sphere for a covariance (Celeux, Govaert 1992, "A classification EM algorithm for
            // clustering and two stochastic versions"), and that mixture is what comes back:
            // weights 1/K, covariances (inertia / (N·D))·I in the user's units. Every
            // log-likelihood of the fit is the classification log-likelihood: of each sample
            // under its own component alone, which rises as the inertia falls.
};
// "gmm", "kmeans". ParseFitMethod throws ParameterError for any other word.
std::string_view ToString(FitMethod method);
FitMethod ParseFitMethod(std::string_view word);

enum class InitMethod {
  kAuto,          // kKMeans and kRandom in turn: random starts find what k-means never leads to
  kKMeans,        // k-means++ (Arthur, Vassilvitskii 2007) and Lloyd on a subsample, whitened for
                  // every other restart, else as standardised; for FitMethod::kKMeans in its metric
  kHierarchical,  // Ward (1963) on a whitened subsample; for FitMethod::kKMeans in its metric
  kRandom,        // K distinct samples as means, the data's covariance for all
};
// "auto", "kmeans", "hierarchical", "random". ParseInitMethod throws ParameterError for any other
// word.
std::string_view ToString(InitMethod method);
InitMethod ParseInitMethod(std::string_view word);

enum class Acceleration { kOn, kOff };
enum class CoarseToFine { kOff, kOn };
enum class RestartModels { kForget, kKeep };
enum class Freeze { kOff, kOn };

// An inverse Wishart prior of every component's covariance, fixed before the fit: each is fitted as
// if it had been this one in `share` of all samples more, which is where it is likeliest under the
// prior whose mode is this covariance and whose degrees of freedom are share · N - D - 1, N the sum
// of the weights. Reference: Fraley and Raftery 2007, "Bayesian regularization for normal mixture
// estimation and model-based clustering", with another scale.
struct CovariancePrior {
  double share = 0;            // >= 0; 0: no prior
  Eigen::MatrixXd covariance;  // D×D, the user's units; empty where there is no prior
};

struct FitOptions {
  int num_components = 4;  // K >= 1; fewer come back where the data have fewer distinct points
  // k-means takes a distance to be Euclidean in the user's units. A further block is scaled so that
  // its mean variance is that of the first, and its squared distances count by its temper.
  FitMethod method = FitMethod::kMixture;
  CovarianceType covariance_type = CovarianceType::kFull;  // of a mixture; k-means has its sphere
  std::vector<FeatureBlock> blocks;  // empty: one block of all features, temper 1

  InitMethod init = InitMethod::kAuto;
  // Starts from this model (the user's units) in place of `init` and `restarts`; its K, covariance
  // type and blocks win. Its covariances are first held to that type and above the floor, unless
  // max_iterations is 0: then the model comes back as it is. k-means takes its means alone.
  std::optional<GaussianMixture> start;
  // Components that are known beforehand (the user's units), at most num_components; not together
  // with `start`. They start the fit and come back as the first, in their order, never placed anew
  // or dropped: one that loses its samples goes back to where it was. The others are found by
  // `init` and `restarts`. Covariances may be singular, for they are taken to the covariance type
  // and above the floor; weights count among themselves.
  std::optional<GaussianMixture> known;
  // On: their means and covariances stay as they start, and only the weights are fitted. Not with
  // tied covariances, unless all components are known.
  Freeze freeze = Freeze::kOff;
  // Starts tried on a subsample of at most `subsample_size`, >= 1; the best is finished on all
  // samples.
  int restarts = 10;
  std::int64_t subsample_size = 16384;  // samples, >= 1

  double tolerance =
      1e-5;  // stop when the log-likelihood per sample changes by less; 0: only at max_iterations
  int max_iterations = 300;  // of EM on all samples, >= 0
  // Longer steps where EM crawls (SQUAREM, Varadhan and Roland 2008), taken only if the likelihood
  // does not fall. Plain EM where the tolerance is 0, which asks for max_iterations EM steps, and
  // for k-means.
  Acceleration acceleration = Acceleration::kOn;
  // From 524,288 samples of weight > 0 on, `start` first climbs on 131,072 draws of them, by the
  // same rules for stopping, and all samples go on from there: far less time, and by measurement
  // less than 1e-4 per sample below what all of them reach at once. The start is taken as it is
  // where a component loses its draws, where the climb ends below the start, where acceleration is
  // off, and where the tolerance or max_iterations is 0.
  CoarseToFine coarse_to_fine = CoarseToFine::kOff;
  int max_rescues =
      3;  // times a component that lost its samples is placed anew before it is dropped

  // D×D, the user's units, positive definite: every covariance stays ⪰ floor, exactly maximised
  // under that rule (the diagonal alone counts for diagonal, its mean for spherical). Empty: only
  // what float arithmetic needs, 1e-10 of each feature's variance.
  Eigen::MatrixXd floor;

  // CovariancePrior::share, >= 0. Its covariance is that of a mixture of as many components with
  // tied covariances, fitted to the subsample, so that another K has another one; or the mean of
  // those of `start`. Every step then raises the log-likelihood with the prior, Σ_k of -share/2 ·
  // (ln|Σ_k| + tr Σ_k⁻¹ S) for each sample, S the prior's. Each block of features by its temper.
  // Not for k-means.
  double prior_share = 0;

  std::uint64_t seed = 0;
  // At most this many of the models that a climb passed through come back, >= 0; a refinement on
  // more samples is a climb of its own.
  int trace_length = 0;
  RestartModels restart_models = RestartModels::kForget;  // see FitResult::restart_models

  // Called after every iteration on all samples, for each start that gets as far (at most three):
  // the iteration (1, 2, …) and the log-likelihood per sample. May throw to stop the fit; the
  // exception passes through.
  std::function<void(int iteration, double log_likelihood)> progress;

  // Processes that all fit these same samples with these options: they share the passes over all
  // samples (of samples that lack values each makes them by itself), and have the same result,
  // which is that of one process by itself.
  Ranks* ranks = nullptr;
};

enum class StopReason { kConverged, kMaxIterations };
// "converged", "max_iterations". ParseStopReason throws ParameterError for any other word.
std::string_view ToString(StopReason reason);
StopReason ParseStopReason(std::string_view word);

// A component that lost its samples and what was done about it.
struct Rescue {
  int iteration = 0;     // the likelihood may fall right after it
  int component = 0;     // index at that time
  bool dropped = false;  // false: placed anew where the model fits worst
};

// The model after an iteration, in the order of FitResult::model.
struct TracePoint {
  int iteration = 0;  // 0: the start
  GaussianMixture model;
};

struct FitResult {
  FitMethod method = FitMethod::kMixture;
  GaussianMixture model;  // the user's units; canonical order, behind the known components
  StopReason stop_reason = StopReason::kMaxIterations;
  int iterations = 0;  // steps on all samples, EM's own or longer; none of coarse_to_fine's
  // Per sample, natural logarithm, of `model`, in the user's units; NaN where it is not known, as
  // after UpdateModel.
  double log_likelihood = 0;
  CovariancePrior prior;
  // From here to the restarts', where there is a prior: of the likelihood with the prior.
  double initial_log_likelihood = 0;  // of the start
  std::vector<double> history;   // per sample, after each iteration; never falls except across a
                                 // rescue, and where a refinement goes on with other samples
  double num_samples = 0;        // Σ of the weights
  int requested_components = 0;  // K asked for; `model` may have fewer
  int num_distinct = 0;  // distinct points, counted up to K + 1: fewer than K cap the components
  int restarts = 0;      // starts tried
  std::vector<double> restart_log_likelihoods;  // of each start on the subsample, best first
  // Where options.restart_models asks: where the better half of the restarts, ⌈restarts / 2⌉, ended
  // on the subsample, best first; the user's units, components in canonical order. The other half
  // is given up early.
  std::vector<GaussianMixture> restart_models;
  std::vector<Rescue> rescues;
  std::vector<bool> at_floor;  // per component: the floor holds it open in some direction
  // Where options.trace_length asks: evenly spaced iterations from the start, or from the last time
  // that a component was dropped, to the end.
  std::vector<TracePoint> trace;
  bool converged() const { return stop_reason == StopReason::kConverged; }
  bool has_all_components() const { return model.num_components() == requested_components; }
};

// Not converging is a result, not an error. Deterministic for one instruction set: the same bits
// for any number of threads. Cost: the restarts on the subsample, then for one to three starts one
// or two fused passes over N·K per iteration; O(N·(D+1)) floats, no N×K array. Throws
// ParameterError for an option out of range, for samples whose weights are all 0, for shapes that
// do not match, and for k-means of samples that lack values.
FitResult FitMixture(const Samples& samples, const FitOptions& options);

}  // namespace gmmseg
