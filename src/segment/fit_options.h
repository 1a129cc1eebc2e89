// What a fit takes from the features of its image.
#pragma once

#include <gmmseg/segment.h>

namespace gmmseg {

FitOptions FitOptionsFor(const SegmentOptions& options, const FeaturePlanes& planes);

}  // namespace gmmseg
