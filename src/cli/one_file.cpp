#include "cli/one_file.h"

#include <gmmseg/model_io.h>

#include <string>

#include "batch/fit_outputs.h"
#include "batch/model_outputs.h"
#include "batch/output_names.h"
#include "cli/fit_settings.h"
#include "cli/folder_command.h"
#include "cli/interrupts.h"
#include "cli/json_report.h"
#include "cli/messages.h"
#include "cli/output.h"
#include "cli/progress_line.h"

namespace gmmseg::cli {
namespace {

void Report(const JobResult& result, const SegmentOptions& fit, const Options& options) {
  for (const std::string& warning : result.warnings)
    Tell("warning: " + result.input + ": " + warning);
  if (options.command == Command::kSegment && options.verbosity != Verbosity::kQuiet)
    for (const std::string& line : CandidateTable(result.model.candidates)) Tell(line);
  if (options.verbosity == Verbosity::kVerbose)
    for (const std::string& detail : Details(result, fit, options.command)) Tell(detail);
  EndOnClosedPipe();  // everything that had to be done is done
  if (options.report == ReportFormat::kJson)
    Print(JsonReport(result, options.command), kFilesStay);
  else if (options.verbosity != Verbosity::kQuiet)
    Print(OneLine(LogLine(result, options)) + "\n", kFilesStay);
}

bool IsFlawless(const JobResult& result, Command command) {
  if (result.regions) return result.regions->as_asked;
  if (command == Command::kApply) return !result.drift || !result.drift->flagged();
  const FitResult& fit = result.model.fit;
  return result.num_valid == 0 || (fit.converged() && fit.has_all_components());
}

}  // namespace

JobInput InputOf(const Options& options) {
  const std::string& image = options.inputs.front();
  const std::string name = NameOf(image);
  JobInput input(image);
  input.read = options.read;
  input.tissue_maps = options.tissue_maps;
  if (!options.mask.empty()) input.mask = RequireCompanion(options.mask, name, "mask");
  if (!options.weight_map.empty())
    input.weight_map = RequireCompanion(options.weight_map, name, "weight map");
  if (!options.scribbles.empty())
    input.scribbles = RequireCompanion(options.scribbles, name, "scribbles");
  return input;
}

ExitCode ReportOneFile(const JobResult& result, const SegmentOptions& fit, const Options& options) {
  Report(result, fit, options);
  return options.strictness == Strictness::kFail && !IsFlawless(result, options.command)
             ? kNotStrict
             : kDone;
}

ExitCode RunOneFile(const Options& options) {
  const std::string& input = options.inputs.front();
  ProgressLine line(options.verbosity);
  SegmentOptions fit;
  const JobObserver show = [&](const JobProgress& progress) {
    line.Show(ProgressText(input, progress, fit.fit.max_iterations),
              progress.iteration > 0 ? ProgressLine::Urgency::kRoutine
                                     : ProgressLine::Urgency::kImportant);
  };
  JobResult result;
  if (options.regions) {
    result = RunRegionJob(InputOf(options), *options.regions, RegionOutputsOf(options), show);
  } else if (options.command == Command::kApply) {
    const Model model = ModelToApply(options);
    const OutputSet impossible = ImpossibleOutputs(model, options.output.anomaly_rate);
    result =
        RunApplyJob(InputOf(options), model, OutputsOf(options, model.features.spec, impossible),
                    show, options.segment.smooth);
  } else {
    const JobInput with_companions = InputOf(options);
    fit = SettingsOf(options, {with_companions.scribbles});
    const OutputSet impossible = ImpossibleOutputs(ModelSource::kSeparate, fit);
    result =
        RunSegmentJob(with_companions, fit, OutputsOf(options, fit.features, impossible), show);
  }
  line.Wipe();
  return ReportOneFile(result, fit, options);
}

}  // namespace gmmseg::cli
