#pragma once

#include "raster/plane.h"

namespace gmmseg {

// ln(2 + s), s the standard deviation of the values around each pixel that has data, weighed by a
// Gaussian of `sigma` pixels; 0 where there is no data. Weights are 0 or 1, and values 0 where the
// weight is.
Plane LogLocalDeviation(const Plane& values, const Plane& weights, double sigma);

}  // namespace gmmseg
