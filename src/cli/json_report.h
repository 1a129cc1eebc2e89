#pragma once

#include <gmmseg/job.h>

#include <string>

#include "cli/options.h"

namespace gmmseg::cli {

// The document of --json: everything about the run, with the facts that vary from run to run
// (seconds, threads, instruction set) and that stand in no output file.
std::string JsonReport(const JobResult& result, const SegmentOptions& fit, Command command);

}  // namespace gmmseg::cli
