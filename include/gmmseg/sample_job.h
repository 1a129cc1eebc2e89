// Sample job: points drawn from a model to a CSV file.
#pragma once

#include <gmmseg/job.h>
#include <gmmseg/model.h>

#include <cstdint>
#include <string>

namespace gmmseg {

// Writes `path`, whole or not at all: the header "component,<names of the features>", then n rows
// in the order of the components, which count from 1 as labels do. See Sample. Its folder is
// created if it is missing. Throws ParameterError where the model is no density, the folder's
// parent is missing, or the file exists and is not to be replaced; IoError where it cannot be
// written.
void RunSampleJob(const Model& model, std::int64_t n, std::uint64_t seed, const std::string& path,
                  ExistingOutputs existing = ExistingOutputs::kRefuse);

}  // namespace gmmseg
