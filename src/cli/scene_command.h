// A raster that may be larger than memory.
#pragma once

#include "cli/exit_code.h"
#include "cli/options.h"
#include "cli/program.h"

namespace gmmseg::cli {

// Whether the job is of one georeferenced raster.
bool IsOfScene(const Options& options);

// Where memory, that of --memory or half of the machine's, holds the raster, as RunOneFile; else,
// and by ranks, the raster is read part by part.
ExitCode RunScene(const Options& options, const Processes& processes);

}  // namespace gmmseg::cli
