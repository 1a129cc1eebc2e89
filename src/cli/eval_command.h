// `segment eval`.
#pragma once

#include "cli/exit_code.h"
#include "cli/options.h"

namespace gmmseg::cli {

ExitCode RunEval(const Options& options);

}  // namespace gmmseg::cli
