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
// one with one, at most `tolerance` pixels apart. Both are sorted row by row. Cost: about the
// number of pixels that are so close, which few pixels need more than once. Reference: Martin,
// Fowlkes, Malik 2004, appendix B, whose matching also is the one of the shortest ways.
std::vector<int> MatchBoundaries(const std::vector<PixelPlace>& from,
                                 const std::vector<PixelPlace>& to, double tolerance);

}  // namespace gmmseg
