// Boundaries between labels, and which of their pixels two maps have in common.
#pragma once

#include <vector>

#include "evaluate/label_grid.h"

namespace gmmseg {

// Pixels whose label differs from that of the next pixel to the right, below, or right and below,
// thinned: the boundary map of the Berkeley benchmark. What is left out has no boundary. Row by
// row.
std::vector<PixelPlace> BoundaryPixels(const LabelGrid& grid);

// For each pixel of `from` the one of `to` that it goes with, or -1: as many as can go together,
// one with one, at most `tolerance` pixels apart. The nearest go together first, and then as many
// more as can, which is nearly the shortest of such matchings: that of Martin, Fowlkes, Malik 2004,
// appendix B. Both are sorted row by row. Cost: that of looking at all pairs so close, a few times;
// some ten times where both maps are noise.
std::vector<int> MatchBoundaries(const std::vector<PixelPlace>& from,
                                 const std::vector<PixelPlace>& to, double tolerance);

}  // namespace gmmseg
