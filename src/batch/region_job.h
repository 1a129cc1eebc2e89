// What a job of regions can be asked for.
#pragma once

#include <gmmseg/job.h>

namespace gmmseg {

// Before any work. Throws ParameterError for options out of range, for outputs other than
// RegionOutputs() and for names by BIDS.
void CheckRegionJob(const RegionOptions& options, const OutputOptions& output);

// As many as are asked for, which labels can tell; 0 where that is known only after the work.
int NumKnownRegions(const RegionOptions& options);

// Throws ParameterError where one of the outputs can only be had of regions.
void CheckNoRegionOutputs(const OutputSet& outputs);

}  // namespace gmmseg
