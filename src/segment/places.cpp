#include "segment/places.h"

namespace gmmseg {
namespace {

GaussianMixture InPlaces(const GaussianMixture& fitted, const std::vector<int>& places,
                         const GaussianMixture& base) {
  GaussianMixture mixture = fitted;
  mixture.weights = Eigen::VectorXd::Zero(base.num_components());
  mixture.means = base.means;
  mixture.covariances = base.covariances;
  for (int k = 0; k < fitted.num_components(); ++k) {
    mixture.weights[places[k]] = fitted.weights[k];
    mixture.means.row(places[k]) = fitted.means.row(k);
    mixture.covariances[places[k]] = fitted.covariances[k];
  }
  return mixture;
}

}  // namespace

void PutInPlaces(const std::vector<int>& places, const GaussianMixture& base, FitResult& fit) {
  std::vector<bool> at_floor(base.num_components());
  for (std::size_t k = 0; k < places.size(); ++k) at_floor[places[k]] = fit.at_floor[k];
  fit.at_floor = std::move(at_floor);
  for (TracePoint& point : fit.trace) point.model = InPlaces(point.model, places, base);
  fit.model = InPlaces(fit.model, places, base);
}

}  // namespace gmmseg
