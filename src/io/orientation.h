// Which way up: cameras store the sensor's rows and a note on how to turn them.
#pragma once

#include <gmmseg/raster.h>

#include <span>

namespace gmmseg {

// The raster as it is meant to be seen. `orientation` is 1…8 as in TIFF 6.0, tag 274: 1 upright,
// 6 to be turned a quarter clockwise; any other value counts as 1.
Raster Upright(Raster raster, int orientation);

// The orientation in an EXIF block (a TIFF structure); 1 where it says nothing sensible.
int ExifOrientation(std::span<const unsigned char> exif);

}  // namespace gmmseg
