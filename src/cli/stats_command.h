// `segment stats`, `segment merge` and `segment update`.
#pragma once

#include "cli/exit_code.h"
#include "cli/options.h"

namespace gmmseg::cli {

ExitCode RunStats(const Options& options);
ExitCode RunMerge(const Options& options);
ExitCode RunUpdate(const Options& options);

}  // namespace gmmseg::cli
