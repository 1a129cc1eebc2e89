// Longer steps for EM: SQUAREM (Varadhan, Roland 2008).
#pragma once

#include <gmmseg/gaussian_mixture.h>

#include "mixture/maximize.h"

namespace gmmseg {

// From three models that follow one another by EM steps, θ₀, θ₁, θ₂, the point θ₀ − 2αr + α²v on
// the parabola through them, where r = θ₁ − θ₀, v = θ₂ − 2θ₁ + θ₀ and α = −‖r‖/‖v‖, no longer than
// max_length (the paper's scheme S3). The parameters are the logits of the weights, the means, and
// the Cholesky factors with logarithmic diagonals, so that every point is a mixture; covariances
// are held above the rules' floor. The likelihood may be lower there than at θ₂: the caller has to
// look.
struct Extrapolation {
  GaussianMixture model;
  double length;  // |α|; 1 is θ₂ itself
};
Extrapolation Extrapolate(const GaussianMixture& zeroth, const GaussianMixture& first,
                          const GaussianMixture& second, double max_length,
                          const MaximizeRules& rules);

}  // namespace gmmseg
