// Tissues as a part of what a segmentation is asked for.
#pragma once

#include <gmmseg/segment.h>

namespace gmmseg {

// Throws ParameterError for what tissues do not have. Both are of options with tissues.
void CheckTissues(const SegmentOptions& options);

Segmentation SegmentAsTissues(const Raster& raster, const SegmentOptions& options);

}  // namespace gmmseg
