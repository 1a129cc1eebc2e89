#include "cli/eval_command.h"

#include <optional>

#include "base/stopwatch.h"
#include "base/text.h"
#include "batch/file_target.h"
#include "cli/eval_report.h"
#include "cli/interrupts.h"
#include "cli/output.h"
#include "cli/progress_line.h"

namespace gmmseg::cli {
namespace {

constexpr char kFileStays[] = "the output file, if any, is complete";

EvalReport MakeReport(const Options& options) {
  const Stopwatch watch;
  EvalReport report;
  report.inputs = FindEvalInputs(options.inputs, options.truths);
  if (const auto& unused = report.inputs.unused_truths; !unused.empty())
    Tell("warning: " + Count(std::ssize(unused), "truth has", "truths have") +
         " no prediction, and what was not predicted is not scored: " + unused.front() +
         (unused.size() > 1 ? " and others" : ""));
  report.options = options.evaluation;
  ProgressLine line(options.verbosity);
  const auto show = [&line](std::int64_t images_done, std::int64_t num_images) {
    line.Show(Format("%lld of %lld images", static_cast<long long>(images_done),
                     static_cast<long long>(num_images)),
              ProgressLine::Urgency::kRoutine);
  };
  report.scores = RunEvalJob(report.inputs, {options.evaluation, show});
  report.comparison = CompareSettings(report.scores);
  report.seconds = watch.Seconds();
  line.Wipe();
  return report;
}

void WriteReport(const EvalReport& report, const Options& options, const FileTarget& target) {
  EvalReport same_each_time = report;
  same_each_time.seconds.reset();
  target.Write([&](StagedFile& file) {
    file.Write(options.output_file.ends_with(kCsvExtension) ? CsvText(report)
                                                            : JsonText(same_each_time));
  });
}

}  // namespace

ExitCode RunEval(const Options& options) {
  std::optional<FileTarget> target;
  if (!options.output_file.empty()) target.emplace(options.output_file, options.output.existing);
  const EvalReport report = MakeReport(options);
  if (target) WriteReport(report, options, *target);
  EndOnClosedPipe();  // everything that had to be done is done
  if (options.report == ReportFormat::kJson)
    Print(JsonText(report), kFileStays);
  else if (options.verbosity != Verbosity::kQuiet)
    Print(TableText(report), kFileStays);
  return kDone;
}

}  // namespace gmmseg::cli
