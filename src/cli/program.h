// What the programs do, whichever way their processes come about.
#pragma once

#include <gmmseg/ranks.h>

#include <cstdint>
#include <string>
#include <variant>

#include "cli/exit_code.h"

namespace gmmseg::cli {

// Of the processes that do a job together; by itself, one is all there is.
struct Processes {
  Ranks* ranks = nullptr;
  int num_here = 1;     // of them on this machine
  int num_threads = 1;  // of this one, unless it is told otherwise

  bool IsFirst() const { return ranks == nullptr || ranks->IsFirst(); }
};

// Bytes for a job, unless it is told otherwise. Of ranks, who all call it, the same for all: what
// is held decides the fit. 2 GB, or the least share of half of a machine.
std::int64_t UsualMemory(const Processes& processes);

// Why nothing came of it, in one line.
struct Failure {
  ExitCode code;
  std::string reason;
  bool alone = false;  // of what the first process does by itself
};

std::variant<ExitCode, Failure> RunProgram(int argc, const char* const* argv,
                                           const Processes& processes);

}  // namespace gmmseg::cli
