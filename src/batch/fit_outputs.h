// Outputs that only a fit can give.
#pragma once

#include <gmmseg/job.h>

namespace gmmseg {

// Before any work. Throws ParameterError where one of FitOutputs is asked of a model that is
// applied.
void CheckAppliedOutputs(const OutputSet& outputs);

}  // namespace gmmseg
