// From a fit on a sample to one on everything.
#pragma once

#include <gmmseg/fit.h>

#include "mixture/accumulate.h"

namespace gmmseg {

// Plain EM from the fit's model over `source`, whose samples are `num_samples` in all and
// standardised as told: at most options.max_iterations passes after the first, which tells where
// the model stands, until one gains less than options.tolerance per sample. options.floor
// and options.trace_length count, and nothing else of the options. The history and the trace go on:
// iterations and likelihoods of the source stand behind those of the sample, and may begin below or
// above them; whether the fit converged is said of the sample.
FitResult RefineFit(FitResult fit, StatsSource& source, const Standardization& standardization,
                    double num_samples, const FitOptions& options);

}  // namespace gmmseg
