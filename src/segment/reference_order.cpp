#include "segment/reference_order.h"

#include "segment/places.h"

namespace gmmseg {
namespace {

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
  const std::vector<ComponentMatch> found = MatchComponents(model.mixture(), reference.mixture());
  std::vector<ComponentMatch> matches(reference.mixture().num_components());
  std::vector<int> places;
  for (const ComponentMatch& match : found) {
    places.push_back(match.reference);
    matches[match.reference] = match;
  }
  PutInPlaces(places, reference.mixture(), model.fit);
  model.classes = ClassesLike(reference.classes, model.mixture());
  model.order = ClassOrder::kReference;
  return matches;
}

}  // namespace gmmseg
