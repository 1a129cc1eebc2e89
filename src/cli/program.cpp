#include "cli/program.h"

#include <gmmseg/errors.h>
#include <gmmseg/threads.h>

#include <new>

#include "cli/eval_command.h"
#include "cli/folder_command.h"
#include "cli/interrupts.h"
#include "cli/one_file.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/sample_command.h"
#include "cli/scene_command.h"
#include "cli/stats_command.h"

namespace gmmseg::cli {
namespace {

// What one process does by itself, of several the first.
ExitCode RunAlone(const Options& options) {
  switch (options.command) {
    case Command::kSample:
      return RunSample(options);
    case Command::kStats:
      return RunStats(options);
    case Command::kMerge:
      return RunMerge(options);
    case Command::kUpdate:
      return RunUpdate(options);
    case Command::kEval:
      return RunEval(options);
    default:
      return options.one_file ? RunOneFile(options) : RunFolder(options);
  }
}

ExitCode Run(const Options& options, const Processes& processes) {
  const ThreadLimit limit(options.threads.value_or(processes.num_threads));
  if (IsOfScene(options)) return RunScene(options, processes);
  return processes.IsFirst() ? RunAlone(options) : kDone;
}

}  // namespace

std::variant<ExitCode, Failure> RunProgram(int argc, const char* const* argv,
                                           const Processes& processes) {
  try {
    const std::variant<Options, Answer> parsed = ParseCommandLine(argc, argv);
    if (const auto* options = std::get_if<Options>(&parsed)) return Run(*options, processes);
    if (!processes.IsFirst()) return kDone;
    EndOnClosedPipe();
    Print(std::get<Answer>(parsed).text, kFilesStay);
    return kDone;
  } catch (const ParameterError& error) {
    return Failure{kUsage, error.what()};
  } catch (const IoError& error) {
    return Failure{error.operation() == IoError::Operation::kRead ? kBadInput : kFailed,
                   error.what()};
  } catch (const MemoryError& error) {
    return Failure{kTooLittleMemory, error.what()};
  } catch (const std::bad_alloc&) {
    return Failure{kFailed,
                   "not enough memory; scale the image down, cut it, or ask for fewer outputs"};
  } catch (const std::exception& error) {
    return Failure{kFailed, error.what()};
  }
}

}  // namespace gmmseg::cli
