#include "segment/principal_components.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

namespace gmmseg {

Projection PrincipalComponents(const Samples& samples, int num_features, int most,
                               double deviation) {
  using PlaneMap = Eigen::Map<const Eigen::VectorXf>;
  const auto weights = PlaneMap(samples.weights(), samples.size()).cast<double>();
  const double total = weights.sum();
  Projection projection{{}, Eigen::VectorXd::Zero(num_features)};
  Eigen::MatrixXd covariance(num_features, num_features);
  const auto plane = [&](int d) {
    return PlaneMap(samples.Plane(d), samples.size()).cast<double>();
  };
  for (int d = 0; d < num_features; ++d) projection.center[d] = plane(d).dot(weights) / total;
  for (int d = 0; d < num_features; ++d)
    for (int e = 0; e <= d; ++e)
      covariance(d, e) = covariance(e, d) = plane(d).cwiseProduct(weights).dot(plane(e)) / total -
                                            projection.center[d] * projection.center[e];
  const Eigen::VectorXd deviations = covariance.diagonal().cwiseMax(0).cwiseSqrt();
  const Eigen::VectorXd scales =
      deviations.unaryExpr([](double each) { return each > 0 ? 1 / each : 0; });
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(
      Eigen::MatrixXd(scales.asDiagonal() * covariance * scales.asDiagonal()));
  const int kept = std::min(num_features, most);
  const double variance = eigen.eigenvalues().tail(kept).cwiseMax(0).sum();
  projection.rows =
      eigen.eigenvectors().rightCols(kept).rowwise().reverse().transpose() * scales.asDiagonal();
  projection.rows *= variance > 0 ? deviation / std::sqrt(variance) : 0;
  return projection;
}

}  // namespace gmmseg
