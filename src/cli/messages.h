// What the program says of a run, in words.
#pragma once

#include <gmmseg/job.h>

#include <cstdint>
#include <string>
#include <vector>

#include "cli/options.h"

namespace gmmseg::cli {

// "photo.jpg: 4 classes in 37 iterations (converged), log-likelihood -9.8123 per pixel, shares 41.2
// 30.1 18.4 10.3 %, 0.42 s -> segmented/"
std::string LogLine(const JobResult& result, const Options& options);

// What every number of classes that was tried gave: a line for each, and two above them that say
// how to read it. Empty where there was no choice.
std::vector<std::string> CandidateTable(const std::vector<Candidate>& candidates);

// For --verbose: one fact per line.
std::vector<std::string> Details(const JobResult& result, const SegmentOptions& fit,
                                 Command command);

// For the progress line.
std::string ProgressText(const std::string& input, const JobProgress& progress, int max_iterations);

// The parts that other sentences are made of.
std::string WithSlash(const std::string& directory);
std::string Shares(const std::vector<double>& shares);  // "shares 41.2 30.1 … %"

// The message on one line: control characters (of a file name, say) become '?'.
std::string OneLine(const std::string& message);

}  // namespace gmmseg::cli
