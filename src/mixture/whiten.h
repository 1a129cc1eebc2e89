// Points as k-means and Ward see them: what a distance means.
#pragma once

#include <gmmseg/samples.h>

#include <Eigen/Core>
#include <vector>

namespace gmmseg {

// N × D points about their mean, and a weight for each. Each block is scaled by √temper, so that it
// counts in a distance as it does in a log-density.
struct ClusterPoints {
  Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> rows;
  Eigen::VectorXd weights;
};

// Unit covariance within each block. Directions with less than 1e-6 of the largest variance are
// noise and are not blown up.
ClusterPoints Whiten(const Samples& samples, const std::vector<FeatureBlock>& blocks);

// Plane units: where the samples are standardised, one deviation of each feature.
ClusterPoints ScaleBlocks(const Samples& samples, const std::vector<FeatureBlock>& blocks);

// The metric in which the surface that has these squared half-axes, in plane units, is a sphere.
ClusterPoints ScaleToSphere(const Samples& samples, const std::vector<FeatureBlock>& blocks,
                            const Eigen::VectorXd& sphere);

}  // namespace gmmseg
