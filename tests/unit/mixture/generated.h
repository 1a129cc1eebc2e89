// Generated mixtures and samples for the tests of this room.
#pragma once

#include <gmmseg/gaussian_mixture.h>
#include <gmmseg/samples.h>

#include <random>
#include <vector>

namespace gmmseg {

inline Eigen::MatrixXd RandomCovariance(std::mt19937_64& random,
                                        const std::vector<FeatureBlock>& blocks, double scale) {
  std::normal_distribution<double> normal;
  int num_features = 0;
  for (const FeatureBlock& b : blocks) num_features += b.size;
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(num_features, num_features);
  for (const FeatureBlock& b : blocks) {
    const Eigen::MatrixXd a =
        Eigen::MatrixXd::NullaryExpr(b.size, b.size, [&](auto, auto) { return normal(random); });
    covariance.block(b.first, b.first, b.size, b.size) =
        scale * scale *
        (a * a.transpose() / b.size + 0.3 * Eigen::MatrixXd::Identity(b.size, b.size));
  }
  return covariance;
}

// Means spread with deviation 3 about 0, covariances of deviation about 1, weights between 0.5/K
// and 1.5/K or so.
inline GaussianMixture RandomMixture(int num_components, const std::vector<FeatureBlock>& blocks,
                                     unsigned seed = 1) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform(0.5, 1.5);
  GaussianMixture model;
  model.blocks = blocks;
  const int num_features = blocks.back().first + blocks.back().size;
  model.weights =
      Eigen::VectorXd::NullaryExpr(num_components, [&](auto) { return uniform(random); });
  model.weights /= model.weights.sum();
  model.means = Eigen::MatrixXd::NullaryExpr(num_components, num_features,
                                             [&](auto, auto) { return 3 * normal(random); });
  for (int k = 0; k < num_components; ++k)
    model.covariances.push_back(RandomCovariance(random, blocks, 1));
  return model;
}

inline GaussianMixture RandomMixture(int num_components, int num_features, unsigned seed = 1) {
  return RandomMixture(num_components, {{0, num_features, 1.0}}, seed);
}

// Points of any kind, as they are: no standardisation.
inline Samples PlainSamples(const Eigen::MatrixXd& rows) {
  Samples samples(rows.rows(), static_cast<int>(rows.cols()));
  for (Eigen::Index i = 0; i < rows.rows(); ++i)
    for (int d = 0; d < samples.num_features(); ++d)
      samples.Plane(d)[i] = static_cast<float>(rows(i, d));
  return samples;
}

}  // namespace gmmseg
