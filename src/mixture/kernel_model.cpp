#include <gmmseg/errors.h>
#include <gmmseg/mixture_stats.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/tile_loop.h"
#include "mixture/kernels.h"

namespace gmmseg {
namespace {

// Appends one block's folded factor and returns its share of the constant.
double FoldBlock(const Eigen::MatrixXd& covariance, const FeatureBlock& block,
                 std::vector<float>& factors) {
  const Eigen::LLT<Eigen::MatrixXd> cholesky(
      covariance.block(block.first, block.first, block.size, block.size));
  if (cholesky.info() != Eigen::Success)
    throw InternalError("a covariance lost its positive definiteness");
  const Eigen::MatrixXd inverse =
      cholesky.matrixL().solve(Eigen::MatrixXd::Identity(block.size, block.size));
  const double fold = std::sqrt(0.5 * block.temper * std::numbers::log2e);
  for (int row = 0; row < block.size; ++row)
    for (int column = 0; column <= row; ++column)
      factors.push_back(static_cast<float>(fold * inverse(row, column)));
  const double log2_determinant = inverse.diagonal().array().log2().sum();
  return block.temper * (log2_determinant - 0.5 * block.size * std::log2(2 * std::numbers::pi));
}

// Neighbouring blocks of one feature join, up to kMaxDiagonal of them.
std::vector<KernelBlock> KernelBlocks(const std::vector<FeatureBlock>& blocks) {
  std::vector<KernelBlock> result;
  int packed = 0;
  for (const FeatureBlock& block : blocks) {
    const Shape shape = block.size == 1 ? Shape::kDiagonal : Shape::kFull;
    if (shape == Shape::kDiagonal && !result.empty() && result.back().shape == shape &&
        result.back().size < kMaxDiagonal)
      ++result.back().size;
    else
      result.push_back({shape, block.first, block.size, packed});
    packed += block.size * (block.size + 1) / 2;
  }
  return result;
}

}  // namespace

KernelModel::KernelModel(const GaussianMixture& model, Membership of_samples)
    : membership(of_samples),
      num_components(model.num_components()),
      num_features(model.num_features()) {
  const MixtureStats layout(model);
  blocks = layout.packed_blocks();
  kernel_blocks = KernelBlocks(blocks);
  packed_size = layout.packed_size();
  for (int k = 0; k < num_components; ++k) {
    double constant = std::log2(model.weights[k]);
    for (const FeatureBlock& block : blocks)
      constant += FoldBlock(model.covariances[k], block, factors);
    constants.push_back(static_cast<float>(constant));
    for (int d = 0; d < num_features; ++d) means.push_back(static_cast<float>(model.means(k, d)));
  }
}

TileSums::TileSums(const KernelModel& model)
    : s0(model.num_components),
      s1(static_cast<std::size_t>(model.num_components) * model.num_features),
      s2(static_cast<std::size_t>(model.num_components) * model.packed_size),
      scratch(static_cast<std::size_t>(model.num_components + 2) * kRowStride) {
  Clear();
}

void TileSums::Clear() {
  n = log2_likelihood = 0;
  for (std::vector<double>* sums : {&s0, &s1, &s2}) std::fill(sums->begin(), sums->end(), 0.0);
}

}  // namespace gmmseg
