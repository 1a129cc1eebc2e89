// Parts of rasters, and rasters made of others.
#pragma once

#include <gmmseg/block_reader.h>
#include <gmmseg/raster.h>

#include <vector>

namespace gmmseg {

// Weights and scribbles stay behind; the place on the earth is that of the first pixel, and so is
// that in the patient.

// The pixels of a window that lies within the raster, which has one slice and is no volume's.
Raster Cropped(const Raster& raster, const Window& window);
// The bands of one and then of the other, which is of the same size; of the narrowest type that
// holds both, and no colours. A pixel lacks what it lacked.
Raster Joined(const Raster& first, const Raster& second);
// These bands, from 0, in this order; no colours, unless they are all of them.
Raster WithBands(const Raster& raster, const std::vector<int>& bands);

}  // namespace gmmseg
