#pragma once

#include <gmmseg/segment.h>

#include <cstdint>

namespace gmmseg {

// Smooths the posteriors of a labelled segmentation and gives small pieces away, as the options
// say: labels, the classes' shares, smooth_posteriors and smoothing are set. Its raster is the one
// that it was made of. Cost: see MeanField and GuidedFilter; memory: 4 bytes per pixel and class
// for the result, as much again on the way, and 28 bytes per pixel.
void SmoothClasses(const Raster& raster, const SmoothOptions& options, Segmentation& segmentation);

// How many pixels away, along an axis, a pixel's smoothed posteriors may depend on, a multiple
// of 4. Where what is estimated from the whole image is given (see PottsStrength), a window that
// reaches so far around a pixel, and begins at multiples of 4, smooths it as the whole image does.
// min_size reaches further: as far as small pieces hang together. 0 where nothing is smoothed.
std::int64_t SmoothReach(const SmoothOptions& options);

}  // namespace gmmseg
