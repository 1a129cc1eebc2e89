// What the user should know of a result and might not see.
#pragma once

#include <gmmseg/folder_job.h>
#include <gmmseg/job.h>

#include <string>
#include <vector>

namespace gmmseg {

// No data, drift, pieces that may be cut and, of a fit by these options (null where a model was
// applied), fewer classes, rescues, no convergence. One sentence each.
std::vector<std::string> WarningsOf(const JobResult& result, const FitOptions* fit);

// Of the model that was fitted to all images.
std::vector<std::string> WarningsOf(const FolderResult& result);

}  // namespace gmmseg
