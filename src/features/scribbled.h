// What scribbles say of the features of their classes.
#pragma once

#include <gmmseg/features.h>
#include <gmmseg/raster.h>
#include <gmmseg/samples.h>

#include <cstdint>
#include <vector>

namespace gmmseg {

// The classes of the raster's scribbles, whose pixel i is sample `entry[i]` of `plain`, or, where
// `entry` is empty, sample i. A pixel that lacks a feature counts for nothing.
ScribbledClasses ScribbledOf(const Raster& raster, const Samples& plain,
                             const AlignedBuffer<std::uint32_t>& entry);

// The pixels under a stroke, ascending.
std::vector<std::int64_t> ScribbledPixels(const Raster& raster);

}  // namespace gmmseg
