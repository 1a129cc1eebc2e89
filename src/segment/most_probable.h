#pragma once

#include <gmmseg/posterior.h>

#include <cstdint>

namespace gmmseg {

// The component of sample tile.first + i, from 0; the first of equals.
inline int MostProbable(const PosteriorTile& tile, int num_components, std::int64_t i) {
  int best = 0;
  for (int k = 1; k < num_components; ++k)
    if (tile.Posterior(k, i) > tile.Posterior(best, i)) best = k;
  return best;
}

}  // namespace gmmseg
