// One image by itself.
#pragma once

#include <gmmseg/job.h>

#include "cli/exit_code.h"
#include "cli/options.h"

namespace gmmseg::cli {

inline constexpr char kFilesStay[] = "output files, if any, are complete";

// The options' one input with what goes with it. Throws IoError where that is not there.
JobInput InputOf(const Options& options);

// Says on stdout and stderr what became of it.
ExitCode ReportOneFile(const JobResult& result, const SegmentOptions& fit, const Options& options);

ExitCode RunOneFile(const Options& options);

}  // namespace gmmseg::cli
