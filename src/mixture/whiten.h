// Whitened points: what distances mean to k-means and Ward.
#pragma once

#include <gmmseg/samples.h>

#include <Eigen/Core>
#include <vector>

namespace gmmseg {

// N × D points of the samples with unit covariance within each block, times √temper, so that a
// block counts in a distance as it does in a log-density. Directions with less than 1e-6 of the
// largest variance are noise and are not blown up.
struct WhitenedPoints {
  Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> rows;
  Eigen::VectorXd weights;
};
WhitenedPoints Whiten(const Samples& samples, const std::vector<FeatureBlock>& blocks);

}  // namespace gmmseg
