// From a fit on a sample to one on everything.
#pragma once

#include <gmmseg/fit.h>

#include "mixture/accumulate.h"

namespace gmmseg {

// Plain EM, or Lloyd's iterations, from the fit's model over `source`, whose samples stand for
// `num_points` in all, are standardised as told and have weights of that unit: at most
// options.max_iterations passes after the first, which tells where the model stands, until one
// gains less than options.tolerance per sample. options.floor, known, freeze and trace_length
// count, and nothing else of the options; the prior is the fit's. The history and the trace go on:
// iterations and likelihoods of the source stand behind those of the sample, and may begin below or
// above them; whether the fit converged is said of the sample.
FitResult RefineFit(FitResult fit, StatsSource& source, const Standardization& standardization,
                    double weight_unit, double num_points, const FitOptions& options);

}  // namespace gmmseg
