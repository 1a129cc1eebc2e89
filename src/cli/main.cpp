// The program `segment`.
#include <gmmseg/errors.h>
#include <gmmseg/threads.h>

#include <new>

#include "cli/eval_command.h"
#include "cli/folder_command.h"
#include "cli/interrupts.h"
#include "cli/messages.h"
#include "cli/one_file.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/sample_command.h"
#include "cli/scene_command.h"
#include "cli/stats_command.h"

namespace gmmseg::cli {
namespace {

ExitCode Run(const Options& options) {
  if (options.command == Command::kSample) return RunSample(options);
  const ThreadLimit limit(options.threads);
  switch (options.command) {
    case Command::kStats:
      return RunStats(options);
    case Command::kMerge:
      return RunMerge(options);
    case Command::kUpdate:
      return RunUpdate(options);
    case Command::kEval:
      return RunEval(options);
    default:
      break;
  }
  if (IsOfScene(options)) return RunScene(options);
  return options.one_file ? RunOneFile(options) : RunFolder(options);
}

int Main(int argc, const char* const* argv) {
  try {
    const std::variant<Options, Answer> parsed = ParseCommandLine(argc, argv);
    if (const auto* options = std::get_if<Options>(&parsed)) return Run(*options);
    EndOnClosedPipe();
    Print(std::get<Answer>(parsed).text, kFilesStay);
    return kDone;
  } catch (const ParameterError& error) {
    Tell(error.what());
    return kUsage;
  } catch (const IoError& error) {
    Tell(error.what());
    return error.operation() == IoError::Operation::kRead ? kBadInput : kFailed;
  } catch (const MemoryError& error) {
    Tell(error.what());
    return kTooLittleMemory;
  } catch (const std::bad_alloc&) {
    Tell("not enough memory; scale the image down, cut it, or ask for fewer outputs");
  } catch (const std::exception& error) {
    Tell(error.what());
  }
  return kFailed;
}

}  // namespace
}  // namespace gmmseg::cli

int main(int argc, char** argv) {
  gmmseg::cli::OpenStandardStreams();
  gmmseg::cli::CleanUpOnInterrupts();
  return gmmseg::cli::Main(argc, argv);
}
