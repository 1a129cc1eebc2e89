#pragma once

#include <gmmseg/block_reader.h>
#include <gmmseg/segment.h>

namespace gmmseg {

// From here on only the pixels in this window of the segmentation's raster, which has no weights of
// its own, count: in the samples' weights, num_valid, the log-likelihood, and the classes' shares.
// What is said of pixels stays.
void RestrictTo(const Window& window, Segmentation& segmentation);

}  // namespace gmmseg
