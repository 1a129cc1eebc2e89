extern "C" {
#include <vl/gmm.h>
}

#include <memory>

#include "programs.h"

namespace gmmseg::bench {
namespace {

Eigen::MatrixXf Variances(const GaussianMixture& model) {
  Eigen::MatrixXf result(model.num_features(), model.num_components());
  for (int k = 0; k < model.num_components(); ++k)
    result.col(k) = model.covariances[k].diagonal().cast<float>();
  return result;
}

GaussianMixture Result(const VlGMM* gmm, GaussianMixture model) {
  const int num_features = model.num_features(), num_components = model.num_components();
  const auto matrix = [](const void* values, int rows, int columns) {
    return Eigen::Map<const Eigen::MatrixXf>(static_cast<const float*>(values), rows, columns)
        .cast<double>();
  };
  model.weights = matrix(vl_gmm_get_priors(gmm), num_components, 1);
  model.means = matrix(vl_gmm_get_means(gmm), num_features, num_components).transpose();
  const Eigen::MatrixXd variances =
      matrix(vl_gmm_get_covariances(gmm), num_features, num_components);
  for (int k = 0; k < num_components; ++k) model.covariances[k] = variances.col(k).asDiagonal();
  return model;
}

Fit Prepare(const Task& task) {
  const auto points = std::make_shared<Eigen::MatrixXf>(task.points.cast<float>());
  return [points, start = task.start](int iterations) {
    const std::unique_ptr<VlGMM, void (*)(VlGMM*)> gmm(
        vl_gmm_new(VL_TYPE_FLOAT, start.num_features(), start.num_components()), vl_gmm_delete);
    const Eigen::MatrixXf means = start.means.transpose().cast<float>();
    const Eigen::VectorXf weights = start.weights.cast<float>();
    vl_gmm_set_initialization(gmm.get(), VlGMMCustom);
    vl_gmm_set_means(gmm.get(), means.data());
    vl_gmm_set_covariances(gmm.get(), Variances(start).data());
    vl_gmm_set_priors(gmm.get(), weights.data());
    vl_gmm_set_max_num_iterations(gmm.get(), iterations);
    vl_gmm_cluster(gmm.get(), points->data(), points->cols());
    return Result(gmm.get(), start);
  };
}

void SetThreads(int num_threads) { vl_set_num_threads(num_threads); }

}  // namespace

std::vector<Program> VlfeatPrograms() {
  return {{"VLFeat GMM", CovarianceType::kDiagonal, 0, 500000, 4, SetThreads, Prepare}};
}

}  // namespace gmmseg::bench
