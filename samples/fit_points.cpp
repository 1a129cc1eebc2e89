// Fits a Gaussian mixture to points that are not an image.
#include <gmmseg/fit.h>

#include <iostream>

int main() {
  // Points drawn from a mixture that is known, so that the answer can be checked by eye.
  gmmseg::GaussianMixture truth;
  truth.blocks = {{.first = 0, .size = 2}};
  truth.weights = Eigen::Vector2d{0.25, 0.75};
  truth.means = Eigen::MatrixXd{{-2.5, 0.5}, {1.5, 3.5}};
  truth.covariances = {Eigen::MatrixXd{{1.5, 0.5}, {0.5, 0.5}},
                       Eigen::MatrixXd{{0.5, -0.5}, {-0.5, 2.5}}};
  const Eigen::MatrixXd points = gmmseg::Sample(truth, 20000, /*seed=*/1).points;

  gmmseg::FitOptions options;
  options.num_components = 2;
  const gmmseg::FitResult fit = gmmseg::FitMixture(gmmseg::Samples::FromRows(points), options);

  std::cout << fit.iterations << " iterations, " << ToString(fit.stop_reason)
            << ", log-likelihood per point " << fit.log_likelihood << '\n';
  for (int k = 0; k < fit.model.num_components(); ++k)
    std::cout << "component " << k + 1 << ": weight " << fit.model.weights[k] << "\nmean\n"
              << fit.model.means.row(k) << "\ncovariance\n"
              << fit.model.covariances[k] << '\n';
}
