// Outputs that only a fit can give.
#pragma once

#include <gmmseg/folder_job.h>

namespace gmmseg {

// Those of FitOutputs and TissueOutputs that a job with models from there cannot give.
OutputSet ImpossibleOutputs(ModelSource source, const SegmentOptions& options);

// Before any work. Throws ParameterError, with the reason, where one of them is asked for.
void CheckFitOutputs(const OutputSet& outputs, ModelSource source, const SegmentOptions& options);

}  // namespace gmmseg
