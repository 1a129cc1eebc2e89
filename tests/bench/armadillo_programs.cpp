#include <armadillo>
#include <memory>

#include "programs.h"
#ifdef _OPENMP
#include <omp.h>
#endif

namespace gmmseg::bench {
namespace {

arma::mat ToArma(const Eigen::MatrixXd& matrix) {
  return arma::mat(matrix.data(), matrix.rows(), matrix.cols());
}

Eigen::MatrixXd ToEigen(const arma::mat& matrix) {
  return Eigen::Map<const Eigen::MatrixXd>(matrix.memptr(),
                                           static_cast<Eigen::Index>(matrix.n_rows),
                                           static_cast<Eigen::Index>(matrix.n_cols));
}

// Where the two models of Armadillo differ: how they hold covariances.
void SetStart(arma::gmm_full& model, const GaussianMixture& start) {
  arma::cube covariances(start.num_features(), start.num_features(), start.num_components());
  for (int k = 0; k < start.num_components(); ++k)
    covariances.slice(k) = ToArma(start.covariances[k]);
  model.set_params(ToArma(start.means.transpose()), covariances, ToArma(start.weights.transpose()));
}
void SetStart(arma::gmm_diag& model, const GaussianMixture& start) {
  arma::mat variances(start.num_features(), start.num_components());
  for (int k = 0; k < start.num_components(); ++k)
    variances.col(k) = ToArma(start.covariances[k].diagonal());
  model.set_params(ToArma(start.means.transpose()), variances, ToArma(start.weights.transpose()));
}
Eigen::MatrixXd Covariance(const arma::gmm_full& model, int k) {
  return ToEigen(model.fcovs.slice(k));
}
Eigen::MatrixXd Covariance(const arma::gmm_diag& model, int k) {
  return ToEigen(model.dcovs.col(k)).asDiagonal();
}

template <typename Model>
Fit Prepare(const Task& task) {
  const auto points = std::make_shared<arma::mat>(ToArma(task.points));
  return [points, start = task.start](int iterations) {
    Model model;
    SetStart(model, start);
    model.learn(*points, start.num_components(), arma::maha_dist, arma::keep_existing, 0,
                iterations, 1e-10, false);
    GaussianMixture result = start;
    result.weights = ToEigen(model.hefts).transpose();
    result.means = ToEigen(model.means).transpose();
    for (int k = 0; k < start.num_components(); ++k) result.covariances[k] = Covariance(model, k);
    return result;
  };
}

}  // namespace

std::vector<Program> ArmadilloPrograms() {
  constexpr std::int64_t kPixels = 500000;
  std::function<void(int)> set_threads;
#ifdef _OPENMP
  set_threads = omp_set_num_threads;
#endif
  return {{"Armadillo gmm_full", CovarianceType::kFull, 0, kPixels, 2, set_threads,
           Prepare<arma::gmm_full>},
          {"Armadillo gmm_diag", CovarianceType::kDiagonal, 0, kPixels, 4, set_threads,
           Prepare<arma::gmm_diag>}};
}

}  // namespace gmmseg::bench
