// The program `segment`.
#include <gmmseg/threads.h>

#include "cli/interrupts.h"
#include "cli/output.h"
#include "cli/program.h"

int main(int argc, char** argv) {
  using namespace gmmseg::cli;
  OpenStandardStreams();
  CleanUpOnInterrupts();
  const auto outcome = RunProgram(argc, argv, {.num_threads = gmmseg::AvailableThreads()});
  if (const auto* const code = std::get_if<ExitCode>(&outcome)) return *code;
  const Failure& failure = std::get<Failure>(outcome);
  Tell(failure.reason);
  return failure.code;
}
