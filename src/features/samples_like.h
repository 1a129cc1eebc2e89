#pragma once

#include <gmmseg/features.h>
#include <gmmseg/raster.h>

namespace gmmseg {

// The raster's features with the scales, the offsets and the unit of weights of others: what a model
// that was fitted to these looks at. Samples are distinct colours where that pays.
Samples SamplesLike(const Raster& raster, const FeatureLayout& layout,
                    const Standardization& standardization, double weight_unit = 1);

}  // namespace gmmseg
