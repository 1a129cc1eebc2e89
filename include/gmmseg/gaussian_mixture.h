// GaussianMixture: the model, in double precision and the user's units, and what can be asked of it
// point by point. Whole images go through the kernels (fit.h, posterior.h); these functions are the
// readable reference.
#pragma once

#include <gmmseg/samples.h>

#include <Eigen/Core>
#include <cstdint>
#include <string_view>
#include <vector>

namespace gmmseg {

enum class CovarianceType { kFull, kTied, kDiagonal, kSpherical };

// "full", "tied", "diagonal", "spherical". ParseCovarianceType throws ParameterError for any other
// word.
std::string_view ToString(CovarianceType type);
CovarianceType ParseCovarianceType(std::string_view word);

// K components over D features. A component's log-density at x is Σ_b W_b · log N(x_b; μ_b, Σ_b)
// over the blocks b.
struct GaussianMixture {
  CovarianceType covariance_type = CovarianceType::kFull;
  std::vector<FeatureBlock> blocks;  // contiguous, in order, covering 0…D-1
  // K, sum 1: the mixing weights. 0: the component is absent, no sample is its own; a fit gives
  // none, but an image may lack a class of its model.
  Eigen::VectorXd weights;
  Eigen::MatrixXd means;  // K × D
  std::vector<Eigen::MatrixXd>
      covariances;  // K of D × D, symmetric positive definite, zero between blocks

  int num_components() const { return static_cast<int>(weights.size()); }
  std::vector<int> PresentComponents() const;  // those of weight > 0, ascending
  int num_features() const { return static_cast<int>(means.cols()); }
};

// Throws ParameterError naming the first rule of GaussianMixture that does not hold.
void Validate(const GaussianMixture& model);
// The same of its blocks alone.
void ValidateBlocks(const std::vector<FeatureBlock>& blocks, int num_features);

// True if every block has temper 1: only then is the mixture a probability density, and BIC,
// sampling and density have a meaning.
bool IsDensity(const GaussianMixture& model);

// log π_k + Σ_b W_b log N(x_b; μ_kb, Σ_kb) for each k. `point` has D entries in the user's units.
// Cost O(K·D³): factorises every covariance; use posterior.h for many points.
Eigen::VectorXd LogComponentDensities(const GaussianMixture& model, const Eigen::VectorXd& point);
// log Σ_k exp of the above, by log-sum-exp (natural logarithm).
double LogDensity(const GaussianMixture& model, const Eigen::VectorXd& point);
// P(k | point): K entries, sum 1.
Eigen::VectorXd Posterior(const GaussianMixture& model, const Eigen::VectorXd& point);

struct MixtureSamples {
  Eigen::MatrixXd points;       // n × D, ordered by component
  std::vector<int> components;  // n, ascending from 0
};
// Draws n points: the number per component is multinomial(n, π). The same seed gives the same
// points. Throws ParameterError if n < 0 or the model is not a density.
MixtureSamples Sample(const GaussianMixture& model, std::int64_t n, std::uint64_t seed);

// Free parameters, with K the number of components of weight > 0: K-1 weights, K·D means, and the
// covariances' own (per block D_b(D_b+1)/2 for full and tied, D_b for diagonal, 1 for spherical;
// tied counts once).
std::int64_t NumFreeParameters(const GaussianMixture& model);
// Bayesian information criterion -2·L + p·ln n (Schwarz 1978) and Akaike's -2·L + 2p (Akaike 1974),
// L the total log-likelihood; lower is better.
double Bic(const GaussianMixture& model, double total_log_likelihood, double num_samples);
double Aic(const GaussianMixture& model, double total_log_likelihood);

// The same mixture seen through other units: to plane units and back.
GaussianMixture ToStandardized(const GaussianMixture& model,
                               const Standardization& standardization);
GaussianMixture FromStandardized(const GaussianMixture& model,
                                 const Standardization& standardization);

// Components in canonical order: ascending mean of the first feature, ties by the next features,
// then by weight. Returns the permutation: entry j is the old index of the new component j.
std::vector<int> CanonicalOrder(const GaussianMixture& model);
GaussianMixture Reordered(const GaussianMixture& model, const std::vector<int>& order);

}  // namespace gmmseg
