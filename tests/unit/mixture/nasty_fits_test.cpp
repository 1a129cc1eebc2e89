#include "nasty_fits.h"

#include <gmmseg/errors.h>
#include <gmmseg/posterior.h>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <mutex>

#include "../nasty_cases.h"

namespace gmmseg {
namespace {

constexpr int kMaxStarts = 3;  // that are taken to their end on all samples

bool HasWeight(const Samples& samples) {
  return std::any_of(samples.weights(), samples.weights() + samples.size(),
                     [](float w) { return w > 0; });
}

// Whether the covariance is at least the floor, to the rounding of the largest of its eigenvalues
// in the floor's metric.
bool IsAtLeast(const Eigen::MatrixXd& covariance, const Eigen::MatrixXd& floor) {
  const Eigen::LLT<Eigen::MatrixXd> cholesky(floor);
  const Eigen::MatrixXd half = cholesky.matrixL().solve(covariance);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(
      cholesky.matrixL().solve(half.transpose()));
  const Eigen::VectorXd& values = eigen.eigenvalues();
  return values.minCoeff() >= 1 - 1e-6 - 1e-14 * values.maxCoeff();
}

bool RespectsFloor(const GaussianMixture& model, int k, const FeatureBlock& b,
                   const Eigen::MatrixXd& floor) {
  constexpr double kRounding = 1 - 1e-6;
  const Eigen::MatrixXd of_model = model.covariances[k].block(b.first, b.first, b.size, b.size);
  const Eigen::MatrixXd least = floor.block(b.first, b.first, b.size, b.size);
  switch (model.covariance_type) {
    case CovarianceType::kSpherical:
      return of_model(0, 0) >= kRounding * least.diagonal().mean();
    case CovarianceType::kDiagonal:
      return (of_model.diagonal().array() >= kRounding * least.diagonal().array()).all();
    default:
      return IsAtLeast(of_model, least);
  }
}

// One variance per block in the user's units where it is spherical, one matrix where it is tied.
bool IsOfItsType(const GaussianMixture& model, int k) {
  const Eigen::MatrixXd& covariance = model.covariances[k];
  const Eigen::MatrixXd diagonal = covariance.diagonal().asDiagonal();
  const auto equal = [](const auto& values) {
    return (values.array() - values[0]).abs().maxCoeff() <= 1e-9 * values[0];
  };
  switch (model.covariance_type) {
    case CovarianceType::kSpherical:
      return covariance == diagonal &&
             std::all_of(model.blocks.begin(), model.blocks.end(), [&](const FeatureBlock& b) {
               return equal(covariance.diagonal().segment(b.first, b.size));
             });
    case CovarianceType::kDiagonal:
      return covariance == diagonal;
    case CovarianceType::kTied:
      return covariance.isApprox(model.covariances.front(), 1e-9);
    default:
      return true;
  }
}

std::string TypeFlaw(const GaussianMixture& model) {
  for (int k = 0; k < model.num_components(); ++k)
    if (!IsOfItsType(model, k)) return "a covariance is not of its type";
  return "";
}

std::string FloorFlaw(const GaussianMixture& model, const Eigen::MatrixXd& floor) {
  if (floor.size() == 0) return "";
  for (int k = 0; k < model.num_components(); ++k)
    for (const FeatureBlock& block : model.blocks)
      if (!RespectsFloor(model, k, block, floor)) return "a covariance is below the floor";
  return "";
}

bool RescuedAt(const FitResult& result, std::size_t iteration) {
  return std::any_of(result.rescues.begin(), result.rescues.end(), [&](const Rescue& rescue) {
    return rescue.iteration == static_cast<int>(iteration);
  });
}

std::string HistoryFlaw(const FitResult& result, const FitOptions& options) {
  if (static_cast<int>(result.history.size()) != result.iterations ||
      result.iterations > options.max_iterations)
    return "the history has " + std::to_string(result.history.size()) + " entries";
  double previous = result.initial_log_likelihood;
  for (std::size_t i = 0; i < result.history.size(); ++i) {
    const double value = result.history[i];
    if (!std::isfinite(value)) return "the history is not finite";
    if (value < previous - 1e-5 * (1 + std::abs(previous)) && !RescuedAt(result, i + 1))
      return "the log-likelihood falls from " + std::to_string(previous) + " to " +
             std::to_string(value) + " in iteration " + std::to_string(i + 1);
    previous = value;
  }
  return "";
}

std::string CountFlaw(const FitResult& result) {
  const auto dropped = std::count_if(result.rescues.begin(), result.rescues.end(),
                                     [](const Rescue& rescue) { return rescue.dropped; });
  const int expected = std::min(result.requested_components, result.num_distinct);
  if (result.model.num_components() + dropped != expected)
    return std::to_string(result.model.num_components()) + " components of " +
           std::to_string(expected) + " come back, and " + std::to_string(dropped) +
           " were dropped";
  return "";
}

std::string PosteriorFlaw(const Samples& samples, const GaussianMixture& model) {
  std::string flaw;
  std::mutex mutex;
  VisitPosteriors(samples, model, [&](const PosteriorTile& tile) {
    for (std::int64_t i = 0; i < tile.count; ++i) {
      double sum = 0;
      for (int k = 0; k < model.num_components(); ++k) sum += tile.Posterior(k, i);
      if (std::abs(sum - 1) < 1e-5 && std::isfinite(tile.log_densities[i])) continue;
      const std::lock_guard lock(mutex);
      flaw = "the posteriors of sample " + std::to_string(tile.first + i) + " add up to " +
             std::to_string(sum) + ", its log-density is " + std::to_string(tile.log_densities[i]);
    }
  });
  return flaw;
}

// The kernels' mean log-density, in float, against the definition.
std::string DensityFlaw(const Samples& samples, const FitResult& result) {
  double sum = 0, size = 0, total = 0;
  for (std::int64_t i = 0; i < samples.size(); ++i) {
    const double weight = samples.weights()[i];
    if (!(weight > 0)) continue;
    const double log_density = LogDensity(result.model, samples.Value(i));
    sum += weight * log_density;
    size += weight * std::abs(log_density);
    total += weight;
  }
  if (std::abs(sum / total - result.log_likelihood) <= 1e-3 * (1 + size / total)) return "";
  return "the log-likelihood is " + std::to_string(result.log_likelihood) + ", but " +
         std::to_string(sum / total) + " by definition";
}

std::string FirstFlaw(const NastyFit& fit, const Samples& samples, const FitResult& result,
                      int num_looks) {
  Validate(result.model);
  if (!std::isfinite(result.log_likelihood) || !std::isfinite(result.initial_log_likelihood))
    return "the log-likelihood is not finite";
  if (num_looks > kMaxStarts * fit.options.max_iterations) return "too many iterations";
  const bool as_given = fit.options.start && fit.options.max_iterations == 0;
  for (const std::string& flaw :
       {HistoryFlaw(result, fit.options), CountFlaw(result), PosteriorFlaw(samples, result.model),
        as_given ? "" : TypeFlaw(result.model),
        as_given ? "" : FloorFlaw(result.model, fit.options.floor),
        fit.far_start ? "" : DensityFlaw(samples, result)})
    if (!flaw.empty()) return flaw;
  return "";
}

// What is wrong with what the engine makes of it; nothing if all is well.
std::string FlawOf(NastyFit fit) {
  int num_looks = 0;
  fit.options.progress = [&](int, double) { ++num_looks; };
  const Samples samples = Samples::FromRows(fit.rows, fit.weights);
  try {
    const FitResult result = FitMixture(samples, fit.options);
    if (!HasWeight(samples)) return "nothing was fitted to";
    return FirstFlaw(fit, samples, result, num_looks);
  } catch (const ParameterError& error) {
    if (std::string(error.what()).find('\n') != std::string::npos)
      return std::string("more than one line: ") + error.what();
    if (HasWeight(samples) && !fit.far_start) throw;
    return "";
  }
}

}  // namespace

TEST_CASE("nasty fits: a sound model or a refusal that is due, always") {
  CheckNastyCases(6000, MakeNastyFit, FlawOf);
}

}  // namespace gmmseg
