// The palette: an integer raster's distinct colours, each with the number of its pixels.
#pragma once

#include <gmmseg/aligned_buffer.h>
#include <gmmseg/raster.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace gmmseg {

// Colours ascend by the first band, then by the next. Where the raster has pixels without data, one
// more pixel, itself without data, stands behind the colours for all of them.
struct ColorPalette {
  Raster colors;                       // one row, of the raster's type, bands and colour model
  std::vector<std::uint32_t> counts;   // per colour: its valid pixels
  AlignedBuffer<std::uint32_t> entry;  // per pixel, row-major: its colour's index
};

// Nothing where it does not pay or cannot be had: for float bands, where the distinct colours are
// more than half as many as the valid pixels, and where the numbers of levels that occur in each
// band multiply to more than 2^26. Deterministic for any number of threads. Cost: two passes over
// the pixels, and one per band where its possible levels are too many and must be narrowed to those
// that occur; 4 bytes per pixel, counters of no more than that, and 12 MB for the keys.
std::optional<ColorPalette> MakeColorPalette(const Raster& raster);

}  // namespace gmmseg
