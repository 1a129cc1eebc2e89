// A spread of pixels to estimate something from.
#pragma once

#include <gmmseg/raster.h>

#include <cstdint>
#include <vector>

namespace gmmseg {

// At most `max_count` (>= 1) distinct valid pixels, ascending: all of them where the raster has no
// more pixels than that, else one at a hashed place in each of max_count equal stretches, fewer
// where a stretch holds no valid pixel. Depends on the size and the validity alone.
std::vector<std::int64_t> SampleValidPixels(const Raster& raster, std::int64_t max_count);
// The same of pixels that have this band.
std::vector<std::int64_t> SampleKnownPixels(const Raster& raster, int band, std::int64_t max_count);

}  // namespace gmmseg
