// `segment` over many images.
#pragma once

#include "cli/exit_code.h"
#include "cli/options.h"
#include "cli/program.h"

namespace gmmseg::cli {

ExitCode RunFolder(const Options& options, const Processes& processes);

}  // namespace gmmseg::cli
