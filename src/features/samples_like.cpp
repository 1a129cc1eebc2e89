#include "features/samples_like.h"

#include <utility>

#include "features/plain_samples.h"

namespace gmmseg {

Samples SamplesLike(const Raster& raster, const FeatureLayout& layout,
                    const Standardization& standardization, double weight_unit) {
  Samples samples = std::move(UnscaledFeatures(raster, layout).samples);
  samples.StandardizeLike(standardization);
  samples.SetWeightUnit(weight_unit);
  return samples;
}

}  // namespace gmmseg
