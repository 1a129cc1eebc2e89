#pragma once

#include <Eigen/Core>

namespace gmmseg {

// Rows that take D features, each brought to unit variance first, to the up to `most` directions in
// which they vary most, the first the most; scaled so that all that are kept vary by this standard
// deviation together.
Eigen::MatrixXd PrincipalComponents(const Eigen::MatrixXd& covariance, int most, double deviation);

}  // namespace gmmseg
