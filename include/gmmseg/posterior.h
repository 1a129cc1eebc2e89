// Posteriors of whole sample sets under a model, by the SIMD kernels.
#pragma once

#include <gmmseg/gaussian_mixture.h>
#include <gmmseg/samples.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace gmmseg {

// A run of consecutive samples and what the model says of them. All pointers are valid during the
// call alone.
struct PosteriorTile {
  std::int64_t first = 0;  // index of the first sample
  std::int64_t count = 0;
  const float* posteriors;  // component k at posteriors + k·stride: P(k | x), sum over k 1
  std::int64_t stride = 0;
  const float* log_densities;  // count: natural logarithm, the user's units

  float Posterior(int k, std::int64_t i) const { return posteriors[k * stride + i]; }
};

using PosteriorVisitor = std::function<void(const PosteriorTile& tile)>;

// Calls visit(tile) for tiles that together cover all samples once, from several threads at a time.
// Samples of weight 0 are visited too; their values are finite and mean nothing. `model` is in the
// user's units. Throws ParameterError if the numbers of features differ.
void VisitPosteriors(const Samples& samples, const GaussianMixture& model,
                     const PosteriorVisitor& visit);

// Calls visit(tile) for tiles that together are the samples first…first+count-1, in their order, on
// the calling thread; it may be called from several threads at a time.
using PosteriorRuns =
    std::function<void(std::int64_t first, std::int64_t count, const PosteriorVisitor& visit)>;

// VisitPosteriors of those samples that are asked for. `samples` must outlive what is returned.
// Throws as VisitPosteriors does.
PosteriorRuns RunsOfPosteriors(const Samples& samples, const GaussianMixture& model);

// Feature d of every sample, the user's units: as it is, or where it is missing its expectation
// given the features that are there: Σ_k P(k | x) E(x_d | x, k). Of samples of weight 0 the values
// mean nothing. Throws as VisitPosteriors does.
std::vector<float> ImputedFeature(const Samples& samples, const GaussianMixture& model, int d);

// The instruction set the kernels use now: "AVX3", "AVX2", "SSE4", "SSSE3", "NEON" or "scalar". The
// environment variable GMMSEG_SIMD forces one by that name; one this machine lacks throws
// ParameterError at the first use.
std::string_view InstructionSet();
// Those that this process may use, best first; of GMMSEG_SIMD that one alone.
std::vector<std::string> InstructionSets();
// From now on, of InstructionSets(): for processes that are to have the same bits. Not while the
// library works. Throws ParameterError for any other.
void UseInstructionSet(std::string_view name);

}  // namespace gmmseg
