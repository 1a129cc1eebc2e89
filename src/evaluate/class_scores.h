// Classes of a prediction against those of a truth.
#pragma once

#include <gmmseg/evaluation.h>

#include "evaluate/label_grid.h"

namespace gmmseg {

// Ascending by label. `matches` are those of MatchRegions, for kOverlap; where there are none,
// there are no classes. Without grids there are no distances.
std::vector<ClassScore> ScoreClasses(const ContingencyTable& table, ClassMatching matching,
                                     const std::optional<std::vector<int>>& matches,
                                     const std::optional<LabelGrids>& grids);

}  // namespace gmmseg
