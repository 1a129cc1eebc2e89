#include "cli/sample_command.h"

#include <gmmseg/errors.h>
#include <gmmseg/model_io.h>
#include <gmmseg/sample_job.h>

#include <filesystem>

#include "cli/interrupts.h"
#include "cli/output.h"
#include "io/points_csv.h"

namespace gmmseg::cli {

namespace {

// --overwrite is for points written before, not for the model.
void CheckTarget(const Options& options) {
  std::error_code missing;
  if (std::filesystem::equivalent(options.output_file, options.model_path, missing))
    throw ParameterError(options.output_file +
                         ": is the model that the points are drawn from; name another file");
}

}  // namespace

ExitCode RunSample(const Options& options) {
  const Model model = ReadModel(options.model_path);
  const std::uint64_t seed = options.segment.fit.seed;
  if (!options.output_file.empty()) {
    CheckTarget(options);
    RunSampleJob(model, options.num_points, seed, options.output_file, options.output.existing);
    return kDone;
  }
  EndOnClosedPipe();
  WritePointsCsv(model, options.num_points, seed,
                 [](const std::string& text) { Print(text, "no file was to be written"); });
  return kDone;
}

}  // namespace gmmseg::cli
