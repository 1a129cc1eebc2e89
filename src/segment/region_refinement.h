// Regions that were found in a reduced image, at full resolution.
#pragma once

#include <cstdint>
#include <vector>

#include "raster/plane.h"

namespace gmmseg {

// `leaves` are of blocks of factor × factor pixels. A pixel whose block and all eight around it are
// of one leaf is of that leaf, as is each block's centre; the pixels between are flooded from these
// over the gradient of `colors`, at full resolution. Leaves are connected, but for
// pixels that no data part from the rest of their block.
std::vector<std::uint32_t> Refined(const std::vector<std::uint32_t>& leaves, int factor,
                                   std::uint32_t num_leaves, const PlaneStack& colors);

}  // namespace gmmseg
