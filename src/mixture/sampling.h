// Draws from a mixture, one after another.
#pragma once

#include <gmmseg/gaussian_mixture.h>

#include <cstdint>
#include <functional>

namespace gmmseg {

// Throws ParameterError where n < 0 or the model is not a density.
void CheckSampling(const GaussianMixture& model, std::int64_t n);

// The draws of Sample, in order, without holding them. Throws as CheckSampling does, before the
// first.
void VisitSamples(const GaussianMixture& model, std::int64_t n, std::uint64_t seed,
                  const std::function<void(int component, const Eigen::VectorXd& point)>& visit);

}  // namespace gmmseg
