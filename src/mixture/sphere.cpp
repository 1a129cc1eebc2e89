#include "mixture/sphere.h"

#include <cstddef>

#include "mixture/accumulate.h"

namespace gmmseg {
namespace {

// Of each feature, in the user's units.
Eigen::VectorXd Variances(const Samples& samples) {
  const int num_features = samples.num_features();
  const GaussianMixture whole{CovarianceType::kSpherical,
                              {{0, num_features, 1.0}},
                              Eigen::VectorXd::Ones(1),
                              Eigen::MatrixXd::Zero(1, num_features),
                              {Eigen::MatrixXd::Identity(num_features, num_features)}};
  return SampleSource(samples).Accumulate(whole).Covariance(0).diagonal().cwiseProduct(
      samples.standardization().scale.cwiseAbs2());
}

}  // namespace

Eigen::VectorXd UnitSphere(const Samples& samples, const std::vector<FeatureBlock>& blocks) {
  Eigen::VectorXd sphere = samples.standardization().scale.cwiseAbs2().cwiseInverse();
  if (blocks.size() < 2) return sphere;
  const Eigen::VectorXd variances = Variances(samples);
  const auto mean_variance = [&](const FeatureBlock& block) {
    const double mean = variances.segment(block.first, block.size).mean();
    return mean > 0 ? mean : 1;  // features that never change count in no distance
  };
  for (std::size_t b = 1; b < blocks.size(); ++b)
    sphere.segment(blocks[b].first, blocks[b].size) *=
        mean_variance(blocks[b]) / mean_variance(blocks[0]);
  return sphere;
}

}  // namespace gmmseg
