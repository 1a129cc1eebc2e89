// How far surfaces of regions lie apart.
#pragma once

#include <map>
#include <vector>

#include "evaluate/label_grid.h"

namespace gmmseg {

// Of each label its pixels that have a neighbour, above, below, left or right, of another label,
// left out, or outside.
using Surfaces = std::map<std::int32_t, std::vector<PixelPlace>>;
Surfaces SurfacesOf(const LabelGrid& grid);

// The larger of the two 95th percentiles, linear between order statistics, of the distances from
// one surface's pixels to the nearest of the other's, in pixels. Neither surface is empty. Cost:
// O(n log n).
double Hausdorff95(const std::vector<PixelPlace>& a, const std::vector<PixelPlace>& b);

}  // namespace gmmseg
