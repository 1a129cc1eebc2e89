// The program `segment-mpi`: `segment` by the ranks of an MPI job. The first speaks for all.
#include <fcntl.h>
#include <gmmseg/errors.h>
#include <gmmseg/job.h>
#include <gmmseg/posterior.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "cli/interrupts.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cluster/mpi_ranks.h"

namespace {

// Until it speaks up.
class Silence {
 public:
  Silence() : heard_(dup(STDERR_FILENO)) {
    const int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    close(nowhere);
  }
  void End() const { dup2(heard_, STDERR_FILENO); }

 private:
  int heard_;
};

// The best that all ranks have: others round otherwise.
void AgreeOnInstructionSet(gmmseg::Ranks& ranks) {
  std::vector<std::string> common = gmmseg::InstructionSets();
  for (int rank = 0; rank < ranks.size(); ++rank) {
    std::string names;
    for (const std::string& name : gmmseg::InstructionSets()) names += name + " ";
    ranks.Broadcast(rank, names);
    std::erase_if(common, [&](const std::string& name) {
      return (" " + names).find(" " + name + " ") == std::string::npos;
    });
  }
  if (common.empty())
    throw gmmseg::ParameterError(
        "the ranks have no instruction set in common; leave GMMSEG_SIMD away");
  gmmseg::UseInstructionSet(common.front());
}

}  // namespace

int main(int argc, char** argv) {
  using namespace gmmseg::cli;
  OpenStandardStreams();
  std::optional<gmmseg::MpiRanks> started;
  try {
    started.emplace(argc, argv);
  } catch (const gmmseg::Error& error) {
    Tell(error.what());
    return kFailed;
  }
  gmmseg::MpiRanks& ranks = *started;
  CleanUpOnInterrupts();
  std::optional<Silence> silence;
  if (!ranks.IsFirst()) silence.emplace();
  ranks.TellFailuresBy([&](const std::string& reason) {
    gmmseg::AbandonJobs();
    if (silence) silence->End();
    Tell(reason);
  });
  try {
    AgreeOnInstructionSet(ranks);
  } catch (const gmmseg::ParameterError& error) {
    ranks.Fail(kUsage, error.what(), gmmseg::MpiRanks::Whose::kRank);
  }
  const auto outcome = RunProgram(
      argc, argv,
      {.ranks = &ranks, .num_here = ranks.num_here(), .num_threads = ranks.num_threads()});
  if (const auto* const code = std::get_if<ExitCode>(&outcome)) return *code;
  const Failure& failure = std::get<Failure>(outcome);
  ranks.Fail(failure.code, failure.reason,
             failure.alone ? gmmseg::MpiRanks::Whose::kJob : gmmseg::MpiRanks::Whose::kRank);
}
