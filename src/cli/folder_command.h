// `segment` over many images.
#pragma once

#include "cli/exit_code.h"
#include "cli/options.h"

namespace gmmseg::cli {

ExitCode RunFolder(const Options& options);

}  // namespace gmmseg::cli
