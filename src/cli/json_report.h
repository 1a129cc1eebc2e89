#pragma once

#include <gmmseg/folder_job.h>

#include <string>

#include "cli/options.h"

namespace gmmseg::cli {

// The document of --json: everything about the run, with the facts that vary from run to run
// (seconds, threads, instruction set) and that stand in no output file.
std::string JsonReport(const JobResult& result, Command command);

// The same for one image of many, on one line: with its status, and for a failure the message.
std::string JsonLine(const ImageReport& report, const Options& options);

// Of an image that a run would do.
std::string PlanJsonLine(const InputFile& file);

}  // namespace gmmseg::cli
