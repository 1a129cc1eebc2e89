// Fitting every number of components of a range, and taking the best.
#pragma once

#include <gmmseg/features.h>
#include <gmmseg/fit.h>
#include <gmmseg/model_selection.h>

#include <vector>

namespace gmmseg {

struct ChosenFit {
  FitResult fit;                      // of the best candidate
  std::vector<Candidate> candidates;  // ascending in K
};

// FitMixture for every K in turn, each with all its restarts. Where the samples have fewer distinct
// points than K, it is the last: more would give the same again. The samples stand for
// planes.num_valid pixels, which count for `num_effective` independent ones.
ChosenFit ChooseComponents(const FeaturePlanes& planes, FitOptions options,
                           const ComponentRange& range, double num_effective);

}  // namespace gmmseg
