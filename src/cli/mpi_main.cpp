// The program `segment-mpi`: `segment` by the ranks of an MPI job. The first speaks for all.
#include <fcntl.h>
#include <gmmseg/errors.h>
#include <gmmseg/job.h>
#include <unistd.h>

#include "cli/interrupts.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cluster/mpi_ranks.h"

namespace {

void Silence() {
  const int nowhere = open("/dev/null", O_WRONLY);
  dup2(nowhere, STDOUT_FILENO);
  dup2(nowhere, STDERR_FILENO);
  close(nowhere);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace gmmseg::cli;
  OpenStandardStreams();
  gmmseg::MpiRanks ranks(argc, argv);
  CleanUpOnInterrupts();
  if (!ranks.IsFirst()) Silence();
  ranks.TellFailuresBy([](const std::string& reason) {
    gmmseg::AbandonJobs();
    Tell(reason);
  });
  const auto outcome = RunProgram(
      argc, argv,
      {.ranks = &ranks, .num_here = ranks.num_here(), .num_threads = ranks.num_threads()});
  if (const auto* const code = std::get_if<ExitCode>(&outcome)) return *code;
  const Failure& failure = std::get<Failure>(outcome);
  ranks.Fail(failure.code, failure.reason,
             failure.alone ? gmmseg::MpiRanks::Whose::kJob : gmmseg::MpiRanks::Whose::kRank);
}
