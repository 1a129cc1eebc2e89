#include "cli/folder_command.h"

#include <gmmseg/errors.h>
#include <gmmseg/model_io.h>

#include "base/byte_text.h"
#include "base/stopwatch.h"
#include "batch/fit_outputs.h"
#include "batch/model_outputs.h"
#include "cli/fit_settings.h"
#include "cli/folder_report.h"
#include "cli/found_inputs.h"
#include "cli/json_report.h"
#include "cli/messages.h"
#include "cli/output.h"
#include "cli/progress_line.h"

namespace gmmseg::cli {
namespace {

std::vector<std::string> ScribblesOf(const InputList& inputs) {
  std::vector<std::string> paths;
  for (const InputFile& file : inputs.files)
    if (!file.scribbles.empty()) paths.push_back(file.scribbles);
  return paths;
}

ModelSource SourceOf(const Options& options) {
  return options.source.value_or(
      IsOneFile(options.inputs) || options.tissues ? ModelSource::kSeparate : ModelSource::kShared);
}

FolderOptions SettingsFor(const Options& options, const InputList& inputs) {
  FolderOptions folder;
  folder.earlier = options.output.existing == ExistingOutputs::kOverwrite ? EarlierRun::kOverwrite
                                                                          : options.earlier;
  folder.on_failure = options.on_failure;
  folder.memory = options.memory;
  folder.full_passes = options.full_passes;
  if (options.regions) {
    folder.source = ModelSource::kSeparate;
    folder.regions = options.regions;
    folder.output = RegionOutputsOf(options);
    return folder;
  }
  if (options.command == Command::kApply) {
    folder.source = ModelSource::kGiven;
    folder.model = ModelToApply(options);
    folder.segment.smooth = options.segment.smooth;
    folder.output = OutputsOf(options, folder.model->features.spec,
                              ImpossibleOutputs(*folder.model, options.output.anomaly_rate));
    return folder;
  }
  if (!options.model_path.empty()) folder.model = ReadModel(options.model_path);  // the reference
  folder.source = SourceOf(options);
  folder.segment = SettingsOf(options, ScribblesOf(inputs));
  if (folder.model && options.missing && *options.missing != folder.model->features.spec.missing)
    throw ParameterError("--missing " + std::string(ToString(*options.missing)) +
                         " contradicts --model: " + options.model_path + " has missing values " +
                         std::string(ToString(folder.model->features.spec.missing)) +
                         "; leave --missing away");
  if (folder.model && !options.num_components)
    folder.segment.fit.num_components = folder.model->mixture().num_components();
  folder.output =
      OutputsOf(options, folder.model ? folder.model->features.spec : folder.segment.features,
                ImpossibleOutputs(folder.source, folder.segment));
  return folder;
}

// Shows a run as it goes: a bar on a terminal, else a line now and then; a line or an object on
// stdout for each image.
class Display {
 public:
  explicit Display(const Options& options) : options_(options), line_(options.verbosity) {}

  void Show(const FolderProgress& progress) {
    if (progress.stage != stage_) {
      stage_ = progress.stage;
      watch_ = {};
      shown_tenths_ = 0;
    }
    const double seconds = watch_.Seconds();
    line_.Show(BarText(progress, seconds), ProgressLine::Urgency::kRoutine);
    if (line_.on_terminal() || options_.verbosity == Verbosity::kQuiet) return;
    const std::int64_t tenths = 10 * progress.images_done / progress.num_images;
    if (tenths == shown_tenths_ || since_told_.Seconds() < kPause) return;
    shown_tenths_ = tenths;
    since_told_ = {};
    Tell(LogText(progress, seconds));
  }

  // What is to be said of an image: of each line whether it is told, or printed on stdout.
  std::string WordsOf(const ImageReport& report) const {
    ByteWriter words;
    const auto add = [&words](Where where, const std::string& text) {
      words.Put(where);
      words.Put(text);
    };
    if (report.record.status == ImageStatus::kFailed)
      add(Where::kTold, "failed: " + report.record.message);
    for (const std::string& warning : report.record.warnings)
      add(Where::kTold, "warning: " + report.file.path + ": " + warning);
    if (report.result != nullptr && options_.verbosity == Verbosity::kVerbose)
      for (const std::string& detail : Details(*report.result, options_.segment, CommandOn(report)))
        add(Where::kTold, report.file.path + ": " + detail);
    if (options_.report == ReportFormat::kJson)
      add(Where::kPrinted, JsonLine(report, options_));
    else if (report.result != nullptr && options_.verbosity != Verbosity::kQuiet)
      add(Where::kPrinted, OneLine(ImageLine(report)) + "\n");
    return words.Take();
  }

  void Say(const std::string& words) {
    line_.Wipe();
    for (ByteReader reader(words); !reader.at_end();) {
      const auto where = reader.Next<Where>();
      const auto text = reader.Next<std::string>();
      if (where == Where::kTold)
        Tell(text);
      else
        Print(text, "the images so far are complete; --resume goes on");
    }
  }

  void Wipe() { line_.Wipe(); }

 private:
  static constexpr double kPause = 2;  // seconds between lines
  enum class Where : char { kTold, kPrinted };

  const Options& options_;
  ProgressLine line_;
  FolderStage stage_ = FolderStage::kGathering;
  Stopwatch watch_, since_told_;
  std::int64_t shown_tenths_ = 0;
};

// Strokes on one of the images are enough for a model that all share.
void FindScribbles(const Options& options, InputList& inputs) {
  const bool each = SourceOf(options) != ModelSource::kShared;
  for (InputFile& file : inputs.files)
    file.scribbles = each ? RequireCompanion(options.scribbles, file.name, "scribbles")
                          : FindCompanion(options.scribbles, file.name);
  if (ScribblesOf(inputs).empty())
    throw IoError(IoError::Operation::kRead,
                  options.scribbles +
                      ": no scribbles for any of the images; put an image there "
                      "that is called as one of them");
}

// They are of one file, and of a run that none of these options makes one over a folder.
[[noreturn]] void RefuseMaps(const Options& options) {
  const std::string maps = "--priors " + options.tissue_maps.front() + " …";
  const auto refuse = [&](const std::string& option) {
    throw ParameterError(maps + " with " + option + ", which does without maps of tissues; leave " +
                         option + " away, or --priors");
  };
  if (IsOneFile(options.inputs)) {
    if (options.earlier == EarlierRun::kResume) refuse("--resume");
    if (options.earlier == EarlierRun::kRefit) refuse("--refit");
    if (options.on_failure != OnFailure::kGoOn) refuse("--fail-fast");
    if (options.action == Action::kPlan) refuse("--dry-run");
    if (options.source) refuse("--separate-models");
    if (options.memory > 0) refuse("--memory");
  }
  throw ParameterError(maps + " go with one file; leave them away, or run file by file");
}

InputList FindImages(const Options& options) {
  InputList inputs = FindInputs(options.inputs, options.subfolders, options.output.directory);
  for (const std::string& folder : inputs.unreadable) Tell("failed: " + folder);
  CheckFound(inputs, options.inputs, options.verbosity);
  if (!options.read.channels.empty())
    throw ParameterError("--channels go with one file; stack those of many in VRTs");
  if (!options.tissue_maps.empty()) RefuseMaps(options);
  for (InputFile& file : inputs.files) file.read = options.read;
  if (!options.mask.empty())
    for (InputFile& file : inputs.files)
      file.mask = RequireCompanion(options.mask, file.name, "mask");
  if (!options.weight_map.empty())
    for (InputFile& file : inputs.files)
      file.weight_map = RequireCompanion(options.weight_map, file.name, "weight map");
  if (!options.scribbles.empty()) FindScribbles(options, inputs);
  return inputs;
}

bool IsFlawless(const FolderResult& result) {
  const bool shared_converged =
      !result.model || (result.model->fit.converged() && result.model->fit.has_all_components());
  return shared_converged && result.num_drifted == 0 && result.num_unconverged == 0 &&
         result.num_with_dropped == 0;
}

ExitCode Judge(const FolderResult& result, const InputList& inputs, Strictness strictness) {
  if (result.num_failed > 0 && result.num_done + result.num_kept == 0) return kFailed;
  if (!result.report_failure.empty()) return kFailed;
  if (result.num_failed > 0 || !inputs.unreadable.empty()) return kSomeFailed;
  return strictness == Strictness::kFail && !IsFlawless(result) ? kNotStrict : kDone;
}

}  // namespace

ExitCode RunFolder(const Options& options, const Processes& processes) {
  const InputList inputs = FindImages(options);
  FolderOptions settings = SettingsFor(options, inputs);
  settings.ranks = processes.ranks;
  if (processes.ranks != nullptr) settings.usual_memory = UsualMemory(processes);
  if (options.action == Action::kPlan) {
    if (!processes.IsFirst()) return kDone;
    const FolderPlan plan = PlanFolderJob(inputs, settings);
    for (const std::int64_t i : plan.to_do)
      Print(options.report == ReportFormat::kJson ? PlanJsonLine(inputs.files[i])
                                                  : OneLine(inputs.files[i].path) + "\n",
            "nothing was to be written");
    Tell(PlanLine(plan, options));
    return kDone;
  }
  Display display(options);
  const auto words = [&](const ImageReport& report) { return display.WordsOf(report); };
  const auto say = [&](const std::string& text) { display.Say(text); };
  const FolderResult result =
      RunFolderJob(inputs, settings,
                   {.progress = [&](const FolderProgress& progress) { display.Show(progress); },
                    .image = [&](const ImageReport& report) { say(words(report)); },
                    .words = words,
                    .say = say});
  display.Wipe();
  if (!processes.IsFirst()) return kDone;
  for (const std::string& warning : result.warnings) Tell("warning: " + warning);
  if (!result.report_failure.empty())
    Tell("failed: " + result.report_failure + "; the images are complete, and --resume writes it");
  if (result.model && !result.model_kept && options.verbosity != Verbosity::kQuiet)
    for (const std::string& line : CandidateTable(result.model->candidates)) Tell(line);
  if (options.verbosity == Verbosity::kVerbose)
    for (const std::string& detail : FolderDetails(result)) Tell(detail);
  if (options.verbosity != Verbosity::kQuiet) Tell(SummaryLine(result, options.output.directory));
  return Judge(result, inputs, options.strictness);
}

}  // namespace gmmseg::cli
