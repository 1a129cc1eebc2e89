#pragma once

#include <Eigen/Cholesky>

namespace gmmseg {

// ln|A| of a positive definite A.
inline double LogDeterminant(const Eigen::LLT<Eigen::MatrixXd>& cholesky) {
  return 2 * cholesky.matrixLLT().diagonal().array().log().sum();
}

}  // namespace gmmseg
