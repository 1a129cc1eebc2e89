#include "cli/stats_command.h"

#include <gmmseg/errors.h>
#include <gmmseg/image_stats_io.h>
#include <gmmseg/model_io.h>
#include <gmmseg/stats_job.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/stopwatch.h"
#include "base/text.h"
#include "cli/found_inputs.h"
#include "cli/interrupts.h"
#include "cli/messages.h"
#include "cli/output.h"
#include "cli/progress_line.h"
#include "cli/stats_report.h"

namespace gmmseg::cli {
namespace {

constexpr char kFileStays[] = "the output file is complete";

// What a walk could not look into would be missing, and nobody could tell.
InputList FindAll(const Options& options, const std::vector<std::string>& words) {
  InputList images = FindInputs(words, options.subfolders, options.output.directory);
  if (!images.unreadable.empty())
    throw IoError(IoError::Operation::kRead, images.unreadable.front());
  CheckFound(images, words, options.verbosity);
  return images;
}

StatsJobOptions JobOptions(const Options& options, ProgressLine& line) {
  StatsJobOptions job;
  job.output = options.output_file;
  job.existing = options.output.existing;
  job.memory = options.memory;
  job.progress = [&line](std::int64_t images_done, std::int64_t num_images) {
    line.Show(Format("%lld of %lld images", static_cast<long long>(images_done),
                     static_cast<long long>(num_images)),
              ProgressLine::Urgency::kRoutine);
  };
  return job;
}

void Report(const StatsReport& report, const Options& options) {
  EndOnClosedPipe();  // everything that had to be done is done
  if (options.report == ReportFormat::kJson)
    Print(JsonText(report), kFileStays);
  else if (options.verbosity != Verbosity::kQuiet)
    Print(OneLine(LineText(report)) + "\n", kFileStays);
}

StatsReport ReportOf(const Options& options, std::int64_t num_images, double num_pixels) {
  StatsReport report;
  report.command = options.command;
  report.output = options.output_file;
  report.num_images = num_images;
  report.num_pixels = std::llround(num_pixels);
  return report;
}

}  // namespace

ExitCode RunStats(const Options& options) {
  const Stopwatch watch;
  const Model model = ReadModel(options.model_path);
  const InputList images = FindAll(options, options.inputs);
  ProgressLine line(options.verbosity);
  StatsJobOptions job = JobOptions(options, line);
  job.keep = {options.model_path};
  const ImageStats stats = RunStatsJob(images, model, job);
  line.Wipe();
  StatsReport report = ReportOf(options, std::ssize(stats.inputs), stats.num_pixels());
  report.model = &model;
  if (stats.num_pixels() > 0) report.log_likelihood = LogLikelihood(stats, model);
  report.seconds = watch.Seconds();
  Report(report, options);
  return kDone;
}

ExitCode RunMerge(const Options& options) {
  const Stopwatch watch;
  ProgressLine line(options.verbosity);
  const ImageStats stats = RunMergeJob(options.inputs, JobOptions(options, line));
  StatsReport report = ReportOf(options, std::ssize(stats.inputs), stats.num_pixels());
  report.seconds = watch.Seconds();
  Report(report, options);
  return kDone;
}

ExitCode RunUpdate(const Options& options) {
  const Stopwatch watch;
  const Model model = ReadModel(options.model_path);
  std::vector<std::string> stats_files, image_words;
  std::ranges::partition_copy(options.inputs, std::back_inserter(stats_files),
                              std::back_inserter(image_words), &IsStatsFile);
  const InputList images = image_words.empty() ? InputList() : FindAll(options, image_words);
  ProgressLine line(options.verbosity);
  const ModelUpdate update = RunUpdateJob(model, stats_files, images,
                                          {options.segment.floor, options.segment.fit.tolerance},
                                          JobOptions(options, line));
  line.Wipe();
  for (const int index : update.lost)
    Tell(Format("warning: class %d holds no pixel any more, and stays away from now on", index));
  const FitResult& fit = update.model.fit;
  StatsReport report = ReportOf(options, std::ssize(update.model.inputs), fit.num_samples);
  report.model = &model;
  report.log_likelihood = update.log_likelihood;
  report.update = &update;
  report.seconds = watch.Seconds();
  Report(report, options);
  const bool flawless = fit.converged() && update.lost.empty();
  return options.strictness == Strictness::kFail && !flawless ? kNotStrict : kDone;
}

}  // namespace gmmseg::cli
