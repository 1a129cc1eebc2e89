#include "segment/reference_order.h"

namespace gmmseg {
namespace {

// The reference with component k replaced by the fitted one that found[k] gives it, and weight 0
// where there is none.
GaussianMixture InPlaces(const GaussianMixture& fitted, const std::vector<ComponentMatch>& found,
                         const GaussianMixture& reference) {
  GaussianMixture mixture = fitted;
  mixture.weights = Eigen::VectorXd::Zero(reference.num_components());
  mixture.means = reference.means;
  mixture.covariances = reference.covariances;
  for (int k = 0; k < fitted.num_components(); ++k) {
    const int place = found[k].reference;
    mixture.weights[place] = fitted.weights[k];
    mixture.means.row(place) = fitted.means.row(k);
    mixture.covariances[place] = fitted.covariances[k];
  }
  return mixture;
}

// The reference's classes as the model has them; shares are 0.
ClassTable ClassesLike(const ClassTable& reference, const GaussianMixture& mixture) {
  ClassTable classes = reference;
  for (std::size_t k = 0; k < classes.size(); ++k) {
    classes[k].weight = mixture.weights[k];
    classes[k].mean = mixture.means.row(k);
    classes[k].share = 0;
  }
  return classes;
}

}  // namespace

std::vector<ComponentMatch> TakeOrderOf(const Model& reference, Model& model) {
  const FitResult fitted = model.fit;
  const std::vector<ComponentMatch> found = MatchComponents(fitted.model, reference.mixture());
  std::vector<ComponentMatch> matches(reference.mixture().num_components());
  model.fit.model = InPlaces(fitted.model, found, reference.mixture());
  for (TracePoint& point : model.fit.trace)
    point.model = InPlaces(point.model, found, reference.mixture());
  model.fit.at_floor.assign(matches.size(), false);
  for (int k = 0; k < fitted.model.num_components(); ++k) {
    const int place = found[k].reference;
    matches[place] = found[k];
    model.fit.at_floor[place] = fitted.at_floor[k];
  }
  model.classes = ClassesLike(reference.classes, model.mixture());
  model.order = ClassOrder::kReference;
  return matches;
}

}  // namespace gmmseg
