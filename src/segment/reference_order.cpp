#include "segment/reference_order.h"

namespace gmmseg {
namespace {

void MoveComponent(const FitResult& fit, int from, int to, FitResult& result) {
  result.model.weights[to] = fit.model.weights[from];
  result.model.means.row(to) = fit.model.means.row(from);
  result.model.covariances[to] = fit.model.covariances[from];
  result.at_floor[to] = fit.at_floor[from];
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
  GaussianMixture& mixture = model.fit.model;
  mixture.weights = Eigen::VectorXd::Zero(reference.mixture().num_components());
  mixture.means = reference.mixture().means;
  mixture.covariances = reference.mixture().covariances;
  model.fit.at_floor.assign(matches.size(), false);
  for (int k = 0; k < fitted.model.num_components(); ++k) {
    const int place = found[k].reference;
    matches[place] = found[k];
    MoveComponent(fitted, k, place, model.fit);
  }
  model.classes = ClassesLike(reference.classes, mixture);
  model.order = ClassOrder::kReference;
  return matches;
}

}  // namespace gmmseg
