// Pixels that share a side.
#pragma once

#include <cstdint>

namespace gmmseg {

// visit(i, j) for every two 4-neighbours of `size` pixels in rows of `width`: j is the pixel to the
// right of i, or below it; row by row.
template <typename Visit>
void VisitNeighbourPairs(std::int64_t width, std::int64_t size, const Visit& visit) {
  for (std::int64_t i = 0; i < size; ++i) {
    if (i % width + 1 < width) visit(i, i + 1);
    if (i + width < size) visit(i, i + width);
  }
}

}  // namespace gmmseg
