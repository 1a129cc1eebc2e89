// What a fit takes from the features of its image.
#pragma once

#include <gmmseg/segment.h>

namespace gmmseg {

// `num_effective` is how many independent pixels the image is worth, which shrinkage by itself
// needs (see NeedsEffectiveSamples).
FitOptions FitOptionsFor(const SegmentOptions& options, const FeaturePlanes& planes,
                         double num_effective);

}  // namespace gmmseg
