// Posteriors in plane units: what VisitPosteriors and the rescue of components both look at.
#pragma once

#include <gmmseg/posterior.h>

#include "mixture/kernels.h"

namespace gmmseg {

// VisitPosteriors with a model in plane units; `log_shift` is added to the log-densities, which are
// in those units too.
void VisitPlanePosteriors(const Samples& samples, const GaussianMixture& plane_model,
                          Membership membership, float log_shift,
                          const std::function<void(const PosteriorTile&)>& visit);

}  // namespace gmmseg
