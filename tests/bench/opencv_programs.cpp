#include <Eigen/Core>
#include <memory>
#include <opencv2/core/eigen.hpp>
#include <opencv2/ml.hpp>

#include "programs.h"

namespace gmmseg::bench {
namespace {

cv::Mat ToCv(const Eigen::MatrixXd& matrix) {
  cv::Mat result;
  cv::eigen2cv(matrix, result);
  return result;
}

Eigen::MatrixXd ToEigen(const cv::Mat& matrix) {
  Eigen::MatrixXd result;
  cv::cv2eigen(matrix, result);
  return result;
}

GaussianMixture Result(const cv::ml::EM& em, GaussianMixture model) {
  model.weights = ToEigen(em.getWeights()).transpose();
  model.means = ToEigen(em.getMeans());
  std::vector<cv::Mat> covariances;
  em.getCovs(covariances);
  for (std::size_t k = 0; k < covariances.size(); ++k)
    model.covariances[k] = ToEigen(covariances[k]);
  return model;
}

Fit Prepare(const Task& task) {
  const cv::Mat points = ToCv(task.points.transpose());
  return [points, start = task.start](int iterations) {
    std::vector<cv::Mat> covariances;
    for (const auto& covariance : start.covariances) covariances.push_back(ToCv(covariance));
    const cv::Ptr<cv::ml::EM> em = cv::ml::EM::create();
    em->setClustersNumber(start.num_components());
    em->setCovarianceMatrixType(start.covariance_type == CovarianceType::kFull
                                    ? cv::ml::EM::COV_MAT_GENERIC
                                    : cv::ml::EM::COV_MAT_DIAGONAL);
    // Its last iteration is an E-step alone.
    em->setTermCriteria({cv::TermCriteria::COUNT, iterations + 1, 0});
    em->trainE(points, ToCv(start.means), covariances, ToCv(start.weights.transpose()));
    return Result(*em, start);
  };
}

}  // namespace

std::vector<Program> OpenCvPrograms() {
  constexpr std::int64_t kPixels = 20000;
  return {{"OpenCV cv::ml::EM", CovarianceType::kFull, 0, kPixels, 2, {}, Prepare},
          {"OpenCV cv::ml::EM", CovarianceType::kDiagonal, 0, kPixels, 2, {}, Prepare}};
}

}  // namespace gmmseg::bench
