// Posteriors in plane units: what VisitPosteriors and the rescue of components both look at.
#pragma once

#include <gmmseg/posterior.h>

#include "mixture/kernels.h"

namespace gmmseg {

// RunsOfPosteriors and VisitPosteriors with a model in plane units; `log_shift` is added to the
// log-densities, which are in those units too.
PosteriorRuns PlanePosteriorRuns(const Samples& samples, const GaussianMixture& plane_model,
                                 Membership membership, float log_shift);
void VisitPlanePosteriors(const Samples& samples, const GaussianMixture& plane_model,
                          Membership membership, float log_shift, const PosteriorVisitor& visit);

}  // namespace gmmseg
