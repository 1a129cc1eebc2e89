// The M-step: from statistics to the most likely model.
#pragma once

#include <gmmseg/fit.h>
#include <gmmseg/gaussian_mixture.h>
#include <gmmseg/mixture_stats.h>

#include <Eigen/Core>
#include <vector>

namespace gmmseg {

// What every M-step of one fit has in common; plane units.
struct MaximizeRules {
  CovarianceType covariance_type = CovarianceType::kFull;
  std::vector<FeatureBlock> blocks;
  Eigen::MatrixXd floor;  // D×D, positive definite: every covariance stays ⪰ floor
  Eigen::VectorXd scale;  // D: the user's unit of each feature in plane units; spherical means
                          // equal variances in the user's units
  // Components that are known, of the type and above the floor: the first of every model. They
  // never count as vanished; one that has lost its samples is as it is here, and frozen ones are in
  // any case.
  GaussianMixture known;
  Freeze freeze = Freeze::kOff;

  CovariancePrior prior;  // its covariance in plane units

  int num_known() const { return known.num_components(); }
  FitMethod method = FitMethod::kMixture;
  // D, > 0, of k-means: the covariance of all components is a multiple of this diagonal.
  Eigen::VectorXd sphere;

  bool shares_covariance() const {
    return method == FitMethod::kKMeans || covariance_type == CovarianceType::kTied;
  }
};

// `floor` is the user's, in the user's units, or empty; it is raised to what float arithmetic
// needs. Without blocks all features are one. Throws ParameterError where the floor does not fit.
MaximizeRules RulesFor(const Standardization& standardization, const Eigen::MatrixXd& floor,
                       CovarianceType type, const std::vector<FeatureBlock>& blocks);

// The rules of k-means whose distances are Euclidean where this sphere, in plane units, is one.
MaximizeRules KMeansRules(const Standardization& standardization, const Eigen::MatrixXd& floor,
                          const std::vector<FeatureBlock>& blocks, const Eigen::VectorXd& sphere);

// The rules of a fit that goes on where this one ended: at `plane_model`, which is its model in
// plane units.
MaximizeRules RulesLike(const GaussianMixture& plane_model, const FitResult& fit,
                        const Standardization& standardization, const Eigen::MatrixXd& floor);

struct MaximizeResult {
  GaussianMixture model;
  std::vector<bool>
      at_floor;  // per component: the floor holds its covariance open in some direction
  std::vector<int> vanished;  // components that hold less than a tenth of a sample; in a mixture
                              // they keep the weight 0
};

// argmax over the model of Σ_k s0_k log π_k + Σ_b W_b Σ w r log N(x_b; μ_kb, Σ_kb), all Σ_k ⪰
// floor, and of the prior; of k-means, among models of equal weights whose covariances are one
// multiple of the sphere. The tempers drop out of each block's maximum. `num_points` is how many
// the samples stand for. Reference: Dempster, Laird, Rubin 1977; the bound by eigenvalue clipping
// in the floor's metric, which is the exact maximiser.
MaximizeResult Maximize(const MixtureStats& stats, const MaximizeRules& rules, double num_points);

// What the prior adds to the log-likelihood per sample, but for a constant; 0 without one.
double LogPrior(const GaussianMixture& model, const MaximizeRules& rules);

// The symmetric matrix closest in likelihood to `covariance` among those ⪰ floor: with floor = L
// Lᵀ, the eigenvalues of L⁻¹ S L⁻ᵀ are raised to 1. `clipped` tells whether any was below.
struct ClippedCovariance {
  Eigen::MatrixXd covariance;
  bool clipped;
};
ClippedCovariance ClipToFloor(const Eigen::MatrixXd& covariance, const Eigen::MatrixXd& floor);

// The likeliest covariance of the rules' type, ⪰ their floor, for samples whose covariance is the
// one given.
ClippedCovariance Clip(const Eigen::MatrixXd& covariance, const MaximizeRules& rules);

// The covariances' mean by weight.
Eigen::MatrixXd PooledCovariance(const GaussianMixture& model);

// The floor's own covariance for every component of such a model: what a component of one repeated
// point has.
Eigen::MatrixXd SmallestCovariance(const MaximizeRules& rules);

}  // namespace gmmseg
