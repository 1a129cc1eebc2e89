// Which component of one mixture is which of another.
#pragma once

#include <gmmseg/gaussian_mixture.h>

#include <Eigen/Core>
#include <vector>

namespace gmmseg {

// Entry (j, k): how far component j of `model` lies from component k of `reference`, whatever their
// weights: Σ_b W_b d_b over the blocks b, with m the means' difference, S = (S1 + S2) / 2 and
//   d = 1/8 mᵀ S⁻¹ m + 1/2 ln (det S / sqrt(det S1 · det S2)).
// >= 0, and 0 for equal components alone; counted up to 1e100. A block counts by its temper, as it
// does in labels. Throws ParameterError where the mixtures' blocks differ.
// Reference: Bhattacharyya 1943; for normal distributions Kailath 1967.
Eigen::MatrixXd BhattacharyyaDistances(const GaussianMixture& model,
                                       const GaussianMixture& reference);

struct ComponentMatch {
  int reference = -1;      // the component of the reference, from 0; -1: none was left
  double coefficient = 0;  // Bhattacharyya's, exp(-distance): 1 for equal components, 0 far apart
  // The coefficient minus the largest with any other component of the reference: negative where
  // the match suits all components together, but not this one best.
  double margin = 0;
};

// One for each component of `model`: no component of the reference twice, as many matches as the
// smaller mixture has components, and of these the least sum of
//   1 - coefficient + 0.2 · Σ_b W_b mᵀ T⁻¹ m,
// T being the covariance of the reference as a whole: how little two components overlap, and, where
// hardly any do, as in a brighter image, how far they moved. It does not depend on the order of
// components, unless sums are equal. Cost: O(D³) for each pair of components, and the assignment,
// O(K³). Throws as BhattacharyyaDistances does.
std::vector<ComponentMatch> MatchComponents(const GaussianMixture& model,
                                            const GaussianMixture& reference);

}  // namespace gmmseg
