// Choosing where EM on all samples starts: many starts on a subsample, of which the few best go on.
#pragma once

#include <gmmseg/fit.h>

#include <optional>
#include <vector>

#include "mixture/maximize.h"

namespace gmmseg {

struct Starts {
  std::vector<GaussianMixture> models;        // plane units, at least one, the most promising first
  std::optional<GaussianMixture> coarse_end;  // where the only model led on a subsample
  std::vector<double> log_likelihoods;        // of all starts tried, on the subsample, best first
  // Where options.restart_models asks: where the better half of the starts led on it, best first.
  std::vector<GaussianMixture> ends;
  int num_distinct = 0;  // distinct points, counted up to one more than asked for
};

// The model given in the options, or the known components where there are no others, and where it
// leads on a subsample if coarse_to_fine asks; or,
// where the samples have no more distinct points than components are asked for, one component at
// each; or the best of options.restarts starts. Those climb a few steps on the subsample, half of
// them to the end. Optima that the subsample can hardly tell from the best are decided on a larger
// one, or returned together where all samples are few.
Starts ChooseStarts(const Samples& samples, const FitOptions& options, const MaximizeRules& rules);

}  // namespace gmmseg
