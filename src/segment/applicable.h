#pragma once

#include <gmmseg/model.h>
#include <gmmseg/raster.h>

namespace gmmseg {

// Throws ParameterError where the model has no component, or needs other features than the raster
// gives.
void CheckApplicable(const Raster& raster, const Model& model);

}  // namespace gmmseg
