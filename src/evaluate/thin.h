// Lines of one pixel's width.
#pragma once

#include <vector>

#include "evaluate/label_grid.h"

namespace gmmseg {

// Takes pixels away from the edges of what they draw, as long as it holds together as before and
// lines keep their ends. The pixels lie within width × height; their order stays.
// Reference: Guo, Hall 1989, algorithm A1, which is the one of bwmorph's "thin".
std::vector<PixelPlace> Thin(std::vector<PixelPlace> pixels, std::int32_t width,
                             std::int32_t height);

}  // namespace gmmseg
