#include "cli/common_options.h"

#include <gmmseg/errors.h>
#include <gmmseg/threads.h>

#include <exception>

#include "cli/option_facts.h"
#include "cli/settings.h"
#include "cli/values.h"

namespace gmmseg::cli {

CLI::Option* Add(CLI::App& app, const char* group, const std::string& names,
                 const std::string& placeholder, const std::string& help, const Setter& set) {
  const auto complete = [names, set](const std::string& word) {
    try {
      set(word);
    } catch (const ParameterError& error) {
      std::throw_with_nested(
          ParameterError(names + " " + (word.empty() ? "\"\"" : word) + ": " + error.what()));
    }
  };
  return app.add_option_function<std::string>(names, complete, help)
      ->option_text(placeholder)
      ->type_name("value")  // as in "--seed: 1 required value missing"
      ->default_str(StatedDefault(help))
      ->group(group);
}

CLI::Option* AddFlag(CLI::App& app, const char* group, const std::string& names,
                     const std::string& help, const std::function<void()>& set) {
  return app.add_flag_callback(names, set, help)->group(group);
}

void DeclareSeed(CLI::App& app, Options& options) {
  Add(app, kHow, "--seed", "N", "Seed of all random choices, a whole number >= 0. Default: 0.",
      [&options](const std::string& word) { options.segment.fit.seed = ParseSeed(word); });
}

void DeclareFloor(CLI::App& app, Options& options) {
  Add(app, kHow, "--floor", "on|off",
      "Keep covariances above what rounding to whole numbers alone would give. Default: on. off "
      "is for comparisons with plain EM.",
      [&options](const std::string& word) { options.segment.floor = ParseFloor(word); });
}

void DeclareRecursive(CLI::App& app, Options& options) {
  AddFlag(app, kFolders, "-r,--recursive",
          "Look into the folders within folders, too. Default: off.",
          [&options] { options.subfolders = Subfolders::kWalk; });
}

void DeclareMemory(CLI::App& app, Options& options) {
  Add(app, kFolders, "--memory", "SIZE",
      "Most memory for the images in work and for the colours a shared model is fitted to, as in "
      "512M or 2G. Fewer images are in work at a time where it is small. One "
      "georeferenced raster that it does not hold is read part by part. Default: half of what this "
      "process may use.",
      [&options](const std::string& word) { options.memory = ParseSize(word); });
}

void DeclareThreads(CLI::App& app, Options& options) {
  Add(app, kRun, "--threads", "N",
      "Threads, 1 to 1024; the results do not depend on it. Default: as many as this process may "
      "use (" +
          std::to_string(AvailableThreads()) + " here).",
      [&options](const std::string& word) {
        options.threads = static_cast<int>(ParseInteger(word, 1, 1024));
      });
}

CLI::Option* DeclareQuiet(CLI::App& app, Options& options) {
  return AddFlag(
      app, kRun, "-q,--quiet",
      "No progress and no line; warnings and errors stay. Default: off, with progress shown while "
      "stderr is a terminal.",
      [&options] { options.verbosity = Verbosity::kQuiet; });
}

void DeclareJson(CLI::App& app, Options& options, const std::string& help) {
  AddFlag(app, kRun, "--json", help, [&options] { options.report = ReportFormat::kJson; });
}

void DeclareEnd(CLI::App& app) {
  DeclareSettings(app, kRun);
  app.set_help_flag("-h,--help", "Print this help and exit.")->group(kRun);
}

void DeclareOutputFile(CLI::App& app, Options& options, const std::string& help) {
  // Of no variable and no file: there, output is the folder of the other commands.
  Add(app, kOut, "-o,--output", "FILE", help, [&options](const std::string& word) {
    if (word.empty()) throw ParameterError("name a file, or leave the option away");
    options.output_file = word;
  })->configurable(false);
  AddFlag(app, kOut, "--overwrite", "Replace an existing file. Default: it is an error.",
          [&options] { options.output.existing = ExistingOutputs::kReplace; });
}

}  // namespace gmmseg::cli
