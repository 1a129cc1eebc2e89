#pragma once

#include <gmmseg/segment.h>

namespace gmmseg {

// Smooths the posteriors of a labelled segmentation and gives small pieces away, as the options
// say: labels, the classes' shares, smooth_posteriors and smoothing are set. Its raster is the one
// that it was made of. Cost: see MeanField and GuidedFilter; memory: 4 bytes per pixel and class
// for the result, as much again on the way, and 28 bytes per pixel.
void SmoothClasses(const Raster& raster, const SmoothOptions& options, Segmentation& segmentation);

}  // namespace gmmseg
