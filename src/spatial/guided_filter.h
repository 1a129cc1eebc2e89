// Edge-aware smoothing: planes follow the edges of a guide.
#pragma once

#include <cstdint>
#include <span>

#include "spatial/grid.h"

namespace gmmseg {

struct GuidedFilterRules {
  int radius = 8;         // of the window's square or cube, in pixels, >= 1
  double epsilon = 1e-3;  // > 0, in squares of the guide's unit: edges of less variance go
  // The windows' fits are made on means over so many pixels squared (of each slice), 1, 2 or 4, and
  // reach radius / subsampling of these. 1 is the filter as it was defined.
  int subsampling = 4;
};

// Each plane becomes q_i = mean over the windows j that hold pixel i of (a_j · g_i + b_j), where
// a_j, b_j fit the plane linearly to the guide in window j: the least of
// Σ_i [(a · g_i + b - p_i)² + epsilon |a|²]. Where the planes of all classes sum to 1 so do the
// results; these are then clipped at 0 and made to sum to 1 again. Only pixels with weight take
// part, as pixels, and as centres of windows; others get 0. `guide` has 1 to 3 planes, weights
// are 0 or 1, and values without data finite. The same bits for any number of threads. Cost:
// 8 box filters per class at 1 / subsampling² of the pixels, and 4 interpolations per pixel and
// class. Reference: He, Sun and Tang 2013, "Guided image filtering", eq. 19-21; subsampled as in He
// and Sun 2015, "Fast guided filter".
void GuidedFilter(const Grid& grid, std::span<const GuidePlane> guide, const float* weight,
                  const GuidedFilterRules& rules, const ClassPlanes& planes);

}  // namespace gmmseg
