#include "mixture/whiten.h"

#include <Eigen/Eigenvalues>
#include <cmath>

namespace gmmseg {
namespace {

// The matrix that takes a covariance to the identity, but for directions that are all but flat.
Eigen::MatrixXd Whitener(const Eigen::MatrixXd& covariance) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(covariance);
  const double largest = eigen.eigenvalues().maxCoeff();
  if (!(largest > 0)) return Eigen::MatrixXd::Identity(covariance.rows(), covariance.cols());
  return eigen.eigenvectors() *
         eigen.eigenvalues().cwiseMax(1e-6 * largest).cwiseSqrt().cwiseInverse().asDiagonal();
}

// The samples' points about their mean.
ClusterPoints Centered(const Samples& samples) {
  ClusterPoints points;
  points.rows.resize(samples.size(), samples.num_features());
  points.weights =
      Eigen::Map<const Eigen::VectorXf>(samples.weights(), samples.size()).cast<double>();
  for (int d = 0; d < samples.num_features(); ++d)
    points.rows.col(d) =
        Eigen::Map<const Eigen::VectorXf>(samples.Plane(d), samples.size()).cast<double>();

  const double total = points.weights.sum();
  const Eigen::RowVectorXd mean = points.weights.transpose() * points.rows / total;
  points.rows.rowwise() -= mean;
  return points;
}

}  // namespace

ClusterPoints Whiten(const Samples& samples, const std::vector<FeatureBlock>& blocks) {
  ClusterPoints points = Centered(samples);
  for (const FeatureBlock& b : blocks) {
    auto columns = points.rows.middleCols(b.first, b.size);
    const Eigen::MatrixXd covariance =
        columns.transpose() * points.weights.asDiagonal() * columns / points.weights.sum();
    columns = (columns * (std::sqrt(b.temper) * Whitener(covariance))).eval();
  }
  return points;
}

ClusterPoints ScaleBlocks(const Samples& samples, const std::vector<FeatureBlock>& blocks) {
  ClusterPoints points = Centered(samples);
  for (const FeatureBlock& b : blocks)
    points.rows.middleCols(b.first, b.size) *= std::sqrt(b.temper);
  return points;
}

ClusterPoints ScaleToSphere(const Samples& samples, const std::vector<FeatureBlock>& blocks,
                            const Eigen::VectorXd& sphere) {
  ClusterPoints points = ScaleBlocks(samples, blocks);
  points.rows *= sphere.cwiseSqrt().cwiseInverse().asDiagonal();
  return points;
}

}  // namespace gmmseg
