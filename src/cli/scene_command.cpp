#include "cli/scene_command.h"

#include <gmmseg/errors.h>
#include <gmmseg/scene_job.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>

#include "base/stopwatch.h"
#include "base/text.h"
#include "batch/fit_outputs.h"
#include "batch/model_outputs.h"
#include "cli/fit_settings.h"
#include "cli/messages.h"
#include "cli/one_file.h"
#include "cli/output.h"
#include "cli/progress_line.h"

namespace gmmseg::cli {
namespace {

// Megapixels per second and the time left, of each stage by itself.
class SceneProgress {
 public:
  explicit SceneProgress(const Options& options)
      : input_(options.inputs.front()), line_(options.verbosity) {}

  void Show(const JobProgress& progress, int max_iterations) {
    if (progress.num_pixels == 0) {
      line_.Show(ProgressText(input_, progress, max_iterations),
                 progress.iteration > 0 ? ProgressLine::Urgency::kRoutine
                                        : ProgressLine::Urgency::kImportant);
      stage_ = progress.stage;
      done_ = 0;
      return;
    }
    if (progress.stage != stage_ || progress.pixels_done < done_) watch_ = Stopwatch();
    const bool begins = progress.stage != stage_;
    stage_ = progress.stage;
    done_ = progress.pixels_done;
    line_.Show(Text(progress),
               begins ? ProgressLine::Urgency::kImportant : ProgressLine::Urgency::kRoutine);
  }
  void Wipe() { line_.Wipe(); }

 private:
  std::string Text(const JobProgress& progress) const {
    constexpr double kMega = 1e6;
    const char* const what = progress.stage == JobStage::kReading     ? "reading"
                             : progress.stage == JobStage::kRefining  ? "refining"
                             : progress.stage == JobStage::kSmoothing ? "smoothing"
                                                                      : "labelling";
    const double done = static_cast<double>(progress.pixels_done) / kMega;
    const double all = static_cast<double>(progress.num_pixels) / kMega;
    const double rate = done / std::max(watch_.Seconds(), 1e-3);
    return input_ + Format(": %s, %.0f of %.0f megapixels, %.0f MP/s, %.0f s left", what, done, all,
                           rate, (all - done) / rate);
  }

  std::string input_;
  ProgressLine line_;
  JobStage stage_ = JobStage::kWriting;
  std::int64_t done_ = 0;
  Stopwatch watch_;
};

// A pipe can be looked at but once.
bool IsPipe(const std::string& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  return std::filesystem::exists(status) && !std::filesystem::is_regular_file(status) &&
         !std::filesystem::is_directory(status);
}

bool MayBeScene(const Options& options) {
  return (options.command == Command::kSegment || options.command == Command::kApply) &&
         options.one_image && !options.regions && !IsPipe(options.inputs.front());
}

std::optional<ImageHeader> HeaderOf(const Options& options) {
  try {
    return ReadImageHeader(options.inputs.front(), options.read);
  } catch (const Error&) {
    return std::nullopt;  // whoever reads the image will say what is wrong with it
  }
}

// What was asked for, or what is written unless something is.
OutputOptions SceneOutputsOf(const Options& options, const FeatureSpec& features,
                             const OutputSet& impossible) {
  const bool takes_all = options.output.outputs == AllOutputs();
  OutputOptions output = OutputsOf(options, features, impossible);
  if (!options.default_outputs && !takes_all) return output;
  const OutputSet possible = takes_all ? SceneOutputSet() : DefaultSceneOutputs();
  std::erase_if(output.outputs, [&](Output kind) { return !possible.contains(kind); });
  if (options.command == Command::kApply) output.outputs.erase(Output::kModel);
  if (options.verbosity != Verbosity::kQuiet)
    Tell(options.inputs.front() + ": is read part by part; pictures of the whole are left out");
  return output;
}

}  // namespace

bool IsOfScene(const Options& options) {
  if (!MayBeScene(options)) return false;
  const std::optional<ImageHeader> header = HeaderOf(options);
  return header && header->is_map;
}

ExitCode RunScene(const Options& options, const Processes& processes) {
  const std::int64_t memory = options.memory > 0 ? options.memory : UsualMemory(processes);
  const bool applies = options.command == Command::kApply;
  const JobInput input = InputOf(options);
  std::optional<Model> model;
  SegmentOptions fit;
  if (applies) {
    model = ModelToApply(options);
    fit.features = model->features.spec;
    fit.fit.num_components = model->mixture().num_components();
    fit.smooth = options.segment.smooth;
  } else {
    fit = SettingsOf(options, {input.scribbles});
  }
  const std::optional<ImageHeader> header = HeaderOf(options);
  if (!header)
    throw IoError(IoError::Operation::kRead, options.inputs.front() +
                                                 ": cannot be read by this rank, and is by the "
                                                 "first; put it where all machines have it");
  if (processes.ranks == nullptr && BytesToHold(*header, fit, options.output) <= memory &&
      options.map_files != MapFiles::kTiles)
    return RunOneFile(options);
  SceneProgress progress(options);
  const JobObserver show = [&](const JobProgress& each) {
    progress.Show(each, fit.fit.max_iterations);
  };
  SceneOptions scene{.memory = memory,
                     .full_passes = options.full_passes,
                     .plan = {},
                     .earlier = EarlierPass::kForget,
                     .ranks = processes.ranks};
  if (options.verbosity != Verbosity::kQuiet)
    scene.plan = [&](const std::string& plan) {
      progress.Wipe();
      Tell(options.inputs.front() + ": " + plan);
    };
  OutputOptions output =
      SceneOutputsOf(options, fit.features,
                     applies ? ImpossibleOutputs(*model, options.output.anomaly_rate)
                             : ImpossibleOutputs(ModelSource::kSeparate, fit));
  output.map_files =
      options.map_files.value_or(processes.ranks == nullptr ? MapFiles::kOne : MapFiles::kTiles);
  const JobResult result =
      applies ? RunSceneJob(input, *model, options.segment.smooth, output, scene, show)
              : RunSceneJob(input, fit, output, scene, show);
  progress.Wipe();
  if (!processes.IsFirst()) return kDone;
  return ReportOneFile(result, applies ? SegmentOptions() : fit, options);
}

}  // namespace gmmseg::cli
