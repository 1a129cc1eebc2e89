// Putting the components of a fit where they belong.
#pragma once

#include <gmmseg/fit.h>

#include <vector>

namespace gmmseg {

// Component k of the fit, of its trace and of what it says of components becomes places[k], which
// are distinct. Places that are left get the component of `base` with weight 0.
void PutInPlaces(const std::vector<int>& places, const GaussianMixture& base, FitResult& fit);

}  // namespace gmmseg
