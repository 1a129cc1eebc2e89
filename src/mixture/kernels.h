// The kernels: E-step and the sums of the M-step over one tile of samples. Plain C++ to its
// callers; the scalar version (kernels_scalar.cpp) is the readable truth, the SIMD version
// (kernels_simd.cpp) is compiled once per instruction set.
#pragma once

#include <gmmseg/aligned_buffer.h>
#include <gmmseg/gaussian_mixture.h>

#include <cstdint>
#include <string_view>
#include <vector>

namespace gmmseg {

// Consecutive features as the SIMD kernels take them: a block of the model, or up to kMaxDiagonal
// neighbouring blocks of one feature each.
enum class Shape { kFull, kDiagonal };
inline constexpr int kMaxDiagonal = 4;
struct KernelBlock {
  Shape shape;
  int first, size;
  int packed;  // where its entries start among a component's
};

// How samples belong to components.
enum class Membership {
  kSoft,  // to each by its posterior
  kHard,  // wholly to the one of largest π_k p_k(x), the first of equals, and p(x) is that one's
};

// A mixture folded for evaluation in float, in units of log2:
//   log2 (π_k p_k(x)) = constant_k − Σ_b ‖A_kb (x_b − μ_kb)‖²,  A = sqrt(W/2 · log2 e) · L⁻¹,  Σ =
//   L Lᵀ.
struct KernelModel {
  // In the samples' plane units.
  explicit KernelModel(const GaussianMixture& model, Membership of_samples = Membership::kSoft);

  const float* Mean(int k) const { return means.data() + k * num_features; }
  const float* Factor(int k) const {
    return factors.data() + static_cast<std::size_t>(k) * packed_size;
  }

  Membership membership;
  int num_components, num_features;
  int packed_size = 0;  // entries of all blocks' lower triangles
  std::vector<FeatureBlock>
      blocks;  // as MixtureStats packs them: single features for diagonal covariances
  std::vector<KernelBlock> kernel_blocks;  // the same features
  std::vector<float> constants;            // K
  std::vector<float> means;                // K × D
  std::vector<float> factors;              // K × packed_size: lower triangles by rows
};

// Consecutive samples. Planes and weights may be read up to the next multiple of 16 samples.
struct TileView {
  const float* planes;  // feature d at planes + d·stride
  std::int64_t stride;
  const float* weights;
  std::int64_t count;
};

// Samples that a kernel takes through its passes at a time: many, for each pass has a start and an
// end, but so few that the rows of a few components stay in the first-level cache.
inline constexpr std::int64_t kRun = 768;
// Rows lie an odd number of cache lines apart: a power of two would lay them all over the same few
// places of the cache.
inline constexpr std::int64_t kRowStride = kRun + 16;

// Sums over one tile, about the kernel model's means, in log2 units.
struct TileSums {
  explicit TileSums(const KernelModel& model);
  void Clear();

  double n = 0, log2_likelihood = 0;
  std::vector<double> s0, s1, s2;  // K, K × D, K × packed_size
  AlignedBuffer<float> scratch;    // (K + 2) × kRowStride, for the kernel's own use
};

struct Kernels {
  std::string_view name;  // "scalar", "SSSE3", "SSE4", "AVX2", "AVX3", "NEON"
  // Adds one tile of at most kTileSize samples to `sums`.
  void (*accumulate)(const KernelModel& model, const TileView& tile, TileSums& sums);
  // posteriors[k·stride + i] = P(k | x_i) and log2_densities[i] = log2 p(x_i); both may be written
  // up to the next multiple of 16 samples.
  void (*evaluate)(const KernelModel& model, const TileView& tile, float* posteriors,
                   std::int64_t stride, float* log2_densities);
};

// Every kernel that this machine can run, best first; the last is the scalar one.
const std::vector<Kernels>& AvailableKernels();
const Kernels& ScalarKernels();

// The kernels in use: the best, or the one that GMMSEG_SIMD names.
// Throws ParameterError if GMMSEG_SIMD names one that is not available.
const Kernels& ActiveKernels();

}  // namespace gmmseg
