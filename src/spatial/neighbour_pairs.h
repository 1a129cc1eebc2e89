// Pixels that share a side.
#pragma once

#include "spatial/grid.h"

namespace gmmseg {

// visit(i, j) for every two neighbours, 4 in a picture and 6 in a volume: j is the pixel to the
// right of i, below it, or behind it; row by row.
template <typename Visit>
void VisitNeighbourPairs(const Grid& grid, const Visit& visit) {
  for (std::int64_t row = 0; row < grid.num_rows(); ++row) {
    const bool has_below = row % grid.height + 1 < grid.height;
    const bool has_behind = row + grid.height < grid.num_rows();
    const std::int64_t first = row * grid.width, last = first + grid.width - 1;
    for (std::int64_t i = first; i <= last; ++i) {
      if (i < last) visit(i, i + 1);
      if (has_below) visit(i, i + grid.width);
      if (has_behind) visit(i, i + grid.width * grid.height);
    }
  }
}

}  // namespace gmmseg
