#include "cli/program.h"

#include <gmmseg/errors.h>
#include <gmmseg/memory.h>
#include <gmmseg/threads.h>

#include <algorithm>
#include <new>
#include <vector>

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
      return RunOneFile(options);
  }
}

// Folders, and patterns; not one photograph, which one process has by itself.
bool IsOfFolder(const Options& options) {
  return !options.one_file &&
         (options.command == Command::kSegment || options.command == Command::kApply);
}

// Of what is no raster that is read part by part.
void CheckOptions(const Options& options, const Processes& processes) {
  if (options.map_files == MapFiles::kTiles)
    throw ParameterError(
        "--map-files tiles goes with one georeferenced raster, which is then read part by part; "
        "leave it away");
  if (processes.ranks != nullptr && IsOfFolder(options) && !options.one_image &&
      IsOneFile(options.inputs))
    throw ParameterError(
        "one file, and --resume, --refit, --fail-fast, --dry-run or a choice of models, which go "
        "with folders; leave these away, for ranks begin a raster anew, or run segment");
}

// As the first process finds it: the others then have a part in it, whatever they find.
bool IsOfScene(const Options& options, const Processes& processes) {
  std::int64_t is_of_scene = processes.IsFirst() && IsOfScene(options);
  if (processes.ranks != nullptr) processes.ranks->Sum({&is_of_scene, 1});
  return is_of_scene != 0;
}

}  // namespace

std::int64_t UsualMemory(const Processes& processes) {
  const std::int64_t half = AvailableMemory() / 2;
  if (processes.ranks == nullptr) return half;
  std::vector<std::int64_t> of_ranks(processes.ranks->size());
  of_ranks[processes.ranks->rank()] = half / processes.num_here;
  processes.ranks->Sum(of_ranks);
  constexpr std::int64_t kMost = std::int64_t{2} << 30;
  return std::min(kMost, std::ranges::min(of_ranks));
}

std::variant<ExitCode, Failure> RunProgram(int argc, const char* const* argv,
                                           const Processes& processes) {
  bool alone = false;
  const auto run = [&](const Options& options) {
    const ThreadLimit limit(options.threads.value_or(processes.num_threads));
    if (IsOfScene(options, processes)) return RunScene(options, processes);
    CheckOptions(options, processes);
    if (IsOfFolder(options)) return RunFolder(options, processes);
    alone = true;
    return processes.IsFirst() ? RunAlone(options) : kDone;
  };
  const auto failure = [&](ExitCode code, const std::string& reason) {
    return Failure{code, reason, alone};
  };
  try {
    const std::variant<Options, Answer> parsed = ParseCommandLine(argc, argv);
    if (const auto* options = std::get_if<Options>(&parsed)) return run(*options);
    if (!processes.IsFirst()) return kDone;
    EndOnClosedPipe();
    Print(std::get<Answer>(parsed).text, kFilesStay);
    return kDone;
  } catch (const ParameterError& error) {
    return failure(kUsage, error.what());
  } catch (const IoError& error) {
    return failure(error.operation() == IoError::Operation::kRead ? kBadInput : kFailed,
                   error.what());
  } catch (const MemoryError& error) {
    return failure(kTooLittleMemory, error.what());
  } catch (const std::bad_alloc&) {
    return failure(kFailed,
                   "not enough memory; scale the image down, cut it, or ask for fewer outputs");
  } catch (const std::exception& error) {
    return failure(kFailed, error.what());
  }
}

}  // namespace gmmseg::cli
