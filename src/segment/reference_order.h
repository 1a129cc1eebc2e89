// Giving the classes of one model the numbers of another's.
#pragma once

#include <gmmseg/component_match.h>
#include <gmmseg/model.h>

#include <vector>

namespace gmmseg {

// Puts the model's components, which are at most as many, at the places of the reference's most
// similar ones, and gives them the names and colours there; places that are left get the
// reference's component with weight 0, its covariance in the form of the model's. Returns the match
// at every place.
std::vector<ComponentMatch> TakeOrderOf(const Model& reference, Model& model);

}  // namespace gmmseg
