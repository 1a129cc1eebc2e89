#include "segment/principal_components.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

namespace gmmseg {

Eigen::MatrixXd PrincipalComponents(const Eigen::MatrixXd& covariance, int most, double deviation) {
  const Eigen::VectorXd deviations = covariance.diagonal().cwiseMax(0).cwiseSqrt();
  const Eigen::VectorXd scales =
      deviations.unaryExpr([](double each) { return each > 0 ? 1 / each : 0; });
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(
      Eigen::MatrixXd(scales.asDiagonal() * covariance * scales.asDiagonal()));
  const int kept = std::min(static_cast<int>(covariance.rows()), most);
  const double variance = eigen.eigenvalues().tail(kept).cwiseMax(0).sum();
  Eigen::MatrixXd rows =
      eigen.eigenvectors().rightCols(kept).rowwise().reverse().transpose() * scales.asDiagonal();
  rows *= variance > 0 ? deviation / std::sqrt(variance) : 0;
  return rows;
}

}  // namespace gmmseg
