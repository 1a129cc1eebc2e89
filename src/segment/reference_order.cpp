#include "segment/reference_order.h"

#include "mixture/maximize.h"
#include "segment/fitted_classes.h"
#include "segment/places.h"

namespace gmmseg {
namespace {

// The reference's components, with covariances of the form that the fit's have.
GaussianMixture ComponentsLike(const FitResult& fit, const GaussianMixture& reference) {
  const MaximizeRules rules =
      RulesLike(fit.model, fit, Standardization::Identity(fit.model.num_features()), {});
  GaussianMixture components = reference;
  for (Eigen::MatrixXd& covariance : components.covariances)
    covariance = rules.shares_covariance() ? fit.model.covariances.front()
                                           : Clip(covariance, rules).covariance;
  return components;
}

ClassTable WithoutShares(ClassTable classes) {
  for (ClassEntry& entry : classes) entry.share = 0;
  return classes;
}

}  // namespace

std::vector<ComponentMatch> TakeOrderOf(const Model& reference, Model& model) {
  const std::vector<ComponentMatch> found = MatchComponents(model.mixture(), reference.mixture());
  std::vector<ComponentMatch> matches(reference.mixture().num_components());
  std::vector<int> places;
  for (const ComponentMatch& match : found) {
    places.push_back(match.reference);
    matches[match.reference] = match;
  }
  PutInPlaces(places, ComponentsLike(model.fit, reference.mixture()), model.fit);
  model.merge.class_of = reference.merge.class_of;
  model.classes = WithMoments(WithoutShares(reference.classes), model.mixture(), model.merge);
  model.order = ClassOrder::kReference;
  return matches;
}

}  // namespace gmmseg
