// The program `segment`.
#include <gmmseg/errors.h>
#include <gmmseg/job.h>
#include <gmmseg/model_io.h>
#include <gmmseg/threads.h>

#include <cstdio>
#include <iostream>
#include <new>

#include "cli/fit_settings.h"
#include "cli/interrupts.h"
#include "cli/json_report.h"
#include "cli/messages.h"
#include "cli/options.h"
#include "cli/progress_line.h"

namespace gmmseg::cli {
namespace {

enum ExitCode { kDone = 0, kFailed = 1, kUsage = 2, kBadInput = 4 };

// Everything that had to be done is done by now: a reader who has left may end the program.
void Print(const std::string& text) {
  EndOnClosedPipe();
  std::cout << text << std::flush;
  if (!std::cout)
    throw IoError(IoError::Operation::kWrite,
                  "stdout: cannot write the report; output files, if any, are complete");
}

void Tell(const std::string& line) { std::cerr << "segment: " << OneLine(line) << "\n"; }

void Report(const JobResult& result, const SegmentOptions& fit, const Options& options) {
  for (const std::string& warning : Warnings(result, fit, options.command))
    Tell("warning: " + result.input + ": " + warning);
  if (options.verbosity == Verbosity::kVerbose)
    for (const std::string& detail : Details(result, fit, options.command)) Tell(detail);
  if (options.report == ReportFormat::kJson)
    Print(JsonReport(result, fit, options.command));
  else if (options.verbosity != Verbosity::kQuiet)
    Print(OneLine(LogLine(result, options)) + "\n");
}

SegmentOptions SettingsFor(const Options& options) {
  return options.model_path.empty() ? FitSettings(options)
                                    : FitSettings(options, ReadModel(options.model_path));
}

void Run(const Options& options) {
  const ThreadLimit limit(options.threads);
  OutputOptions output = options.output;
  if (!options.model_path.empty()) output.keep = {options.model_path};

  ProgressLine line(options.verbosity);
  SegmentOptions fit;
  const JobObserver show = [&](const JobProgress& progress) {
    line.Show(ProgressText(options.input, progress, fit.fit.max_iterations),
              progress.iteration > 0 ? ProgressLine::Urgency::kRoutine
                                     : ProgressLine::Urgency::kImportant);
  };
  JobResult result;
  if (options.command == Command::kApply) {
    result = RunApplyJob(options.input, ReadModel(options.model_path), output, show);
  } else {
    fit = SettingsFor(options);
    result = RunSegmentJob(options.input, fit, output, show);
  }
  line.Wipe();
  Report(result, fit, options);
}

int Main(int argc, const char* const* argv) {
  try {
    const std::variant<Options, Answer> parsed = ParseCommandLine(argc, argv);
    if (const auto* answer = std::get_if<Answer>(&parsed))
      Print(answer->text);
    else
      Run(std::get<Options>(parsed));
    return kDone;
  } catch (const ParameterError& error) {
    Tell(error.what());
    return kUsage;
  } catch (const IoError& error) {
    Tell(error.what());
    return error.operation() == IoError::Operation::kRead ? kBadInput : kFailed;
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
  gmmseg::cli::CleanUpOnInterrupts();
  return gmmseg::cli::Main(argc, argv);
}
