// The readable truth: the formulas of kernels.h in double precision, one sample at a time.

#include <algorithm>
#include <cmath>
#include <vector>

#include "mixture/kernels.h"

namespace gmmseg {
namespace {

// log2 (π_k p_k(x_i)).
double Log2Density(const KernelModel& model, const TileView& tile, int k, std::int64_t i) {
  double result = model.constants[k];
  const float* factor = model.Factor(k);
  for (const FeatureBlock& block : model.blocks) {
    for (int row = 0; row < block.size; ++row) {
      double z = 0;
      for (int column = 0; column <= row; ++column) {
        const int d = block.first + column;
        z += *factor++ * (static_cast<double>(tile.planes[d * tile.stride + i]) - model.Mean(k)[d]);
      }
      result -= z * z;
    }
  }
  return result;
}

// Turns log2 densities into responsibilities; returns log2 of their sum.
double SoftMax(std::vector<double>& values) {
  const double largest = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (double& value : values) sum += value = std::exp2(value - largest);
  for (double& value : values) value /= sum;
  return largest + std::log2(sum);
}

// The largest becomes 1, the first of equals, and the others 0; returns it.
double HardMax(std::vector<double>& values) {
  const auto largest = std::max_element(values.begin(), values.end());
  const double value = *largest;
  std::fill(values.begin(), values.end(), 0.0);
  *largest = 1;
  return value;
}

double Responsibilities(const KernelModel& model, const TileView& tile, std::int64_t i,
                        std::vector<double>& r) {
  for (int k = 0; k < model.num_components; ++k) r[k] = Log2Density(model, tile, k, i);
  return model.membership == Membership::kHard ? HardMax(r) : SoftMax(r);
}

void AddMoments(const KernelModel& model, const TileView& tile, int k, std::int64_t i,
                double weight, TileSums& sums) {
  const auto residual = [&](int d) {
    return static_cast<double>(tile.planes[d * tile.stride + i]) - model.Mean(k)[d];
  };
  double* s2 = sums.s2.data() + static_cast<std::size_t>(k) * model.packed_size;
  sums.s0[k] += weight;
  for (int d = 0; d < model.num_features; ++d)
    sums.s1[k * model.num_features + d] += weight * residual(d);
  for (const FeatureBlock& block : model.blocks)
    for (int row = block.first; row < block.first + block.size; ++row)
      for (int column = block.first; column <= row; ++column)
        *s2++ += weight * residual(row) * residual(column);
}

void Accumulate(const KernelModel& model, const TileView& tile, TileSums& sums) {
  std::vector<double> r(model.num_components);
  for (std::int64_t i = 0; i < tile.count; ++i) {
    const double weight = tile.weights[i];
    if (weight == 0) continue;
    const double log2_density = Responsibilities(model, tile, i, r);
    sums.n += weight;
    sums.log2_likelihood += weight * log2_density;
    for (int k = 0; k < model.num_components; ++k)
      AddMoments(model, tile, k, i, weight * r[k], sums);
  }
}

void Evaluate(const KernelModel& model, const TileView& tile, float* posteriors,
              std::int64_t stride, float* log2_densities) {
  std::vector<double> r(model.num_components);
  for (std::int64_t i = 0; i < tile.count; ++i) {
    log2_densities[i] = static_cast<float>(Responsibilities(model, tile, i, r));
    for (int k = 0; k < model.num_components; ++k)
      posteriors[k * stride + i] = static_cast<float>(r[k]);
  }
}

}  // namespace

const Kernels& ScalarKernels() {
  static const Kernels kernels{"scalar", &Accumulate, &Evaluate};
  return kernels;
}

}  // namespace gmmseg
