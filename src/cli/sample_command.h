// `segment sample`.
#pragma once

#include "cli/exit_code.h"
#include "cli/options.h"

namespace gmmseg::cli {

ExitCode RunSample(const Options& options);

}  // namespace gmmseg::cli
