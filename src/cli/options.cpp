#include "cli/options.h"

#include <gmmseg/errors.h>
#include <gmmseg/threads.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <memory>

#include "cli/help.h"
#include "cli/option_facts.h"
#include "cli/settings.h"
#include "cli/values.h"

namespace gmmseg::cli {
namespace {

constexpr const char* kWhat = "What";
constexpr const char* kHow = "How";
constexpr const char* kOut = "Out";
constexpr const char* kRun = "Run";

using Setter = std::function<void(const std::string& word)>;

// An option with one value. What the setter throws is completed by the option and the word:
// "-k,--components four: must be a whole number from 1 to 65535".
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

void AddFlag(CLI::App& app, const char* group, const std::string& names, const std::string& help,
             const std::function<void()>& set) {
  app.add_flag_callback(names, set, help)->group(group);
}

void DeclareWhat(CLI::App& app, Options& options) {
  Add(app, kWhat, "-k,--components", "N",
      "Number of classes, 1 to 65535. Required, unless --init-model gives it. Fewer come back "
      "where "
      "the image has fewer distinct colours.",
      [&](const std::string& word) {
        options.num_components = static_cast<int>(ParseInteger(word, 1, 65535));
      });
  Add(app, kWhat, "--features", "SPACE",
      "What a pixel's colour becomes: auto, gray, rgb, hsv, lab, luv, ycrcb or raw (every band as "
      "it is, whatever it means). lab is CIE L*a*b*, where equal distances look equally different. "
      "Default: auto, which is lab for colour, gray for grey, raw for float grey and other numbers "
      "of bands.",
      [&](const std::string& word) { options.color = ParseColorSpace(word); });
  Add(app, kWhat, "--position", "W",
      "Weight of the pixel's place, >= 0. Default: 0, colour alone. Otherwise x and y (pixels) get "
      "a covariance block of their own in every class, and that block's log-density is multiplied "
      "by W: 1 is the plain product of a colour and a place density, larger W gives more compact "
      "classes. Where W is neither 0 nor 1 the model is no density, and BIC, AIC and ICL are left "
      "out.",
      [&](const std::string& word) { options.position_weight = ParseNonNegative(word); });
  Add(app, kWhat, "--covariance", "TYPE",
      "Shape of the classes: full (any ellipsoid each), tied (one ellipsoid for all), diagonal "
      "(axes along the features) or spherical. Default: full, or that of --init-model.",
      [&](const std::string& word) { options.covariance_type = ParseCovarianceType(word); });
}

void DeclareStart(CLI::App& app, Options& options) {
  FitOptions& fit = options.segment.fit;
  CLI::Option* init = Add(
      app, kHow, "--init", "METHOD",
      "How a start is found: kmeans (k-means++ and Lloyd), hierarchical (Ward), random, or auto, "
      "which is kmeans and random in turn. "
      "Default: auto.",
      [&fit](const std::string& word) { fit.init = ParseInitMethod(word); });
  Add(app, kHow, "--init-model", "FILE",
      "Start from this model file; its number of classes, covariance type and features are taken. "
      "Default: none.",
      [&options](const std::string& word) { options.model_path = word; })
      ->excludes(init);
  Add(app, kHow, "--restarts", "N",
      "Starts tried on a subsample, 1 to 10000; the best is finished on every pixel. Default: 10, "
      "or with --init-model its one start.",
      [&options](const std::string& word) {
        options.restarts = static_cast<int>(ParseInteger(word, 1, 10000));
      });
}

void DeclareHow(CLI::App& app, Options& options) {
  FitOptions& fit = options.segment.fit;
  DeclareStart(app, options);
  Add(app, kHow, "--tolerance", "X",
      "Stop when the log-likelihood per pixel (natural logarithm) changes by less in one "
      "iteration, >= 0. Default: 1e-5. 0 stops only at --max-iterations.",
      [&fit](const std::string& word) { fit.tolerance = ParseNonNegative(word); });
  Add(app, kHow, "--max-iterations", "N",
      "Most EM iterations on every pixel, 0 to 1000000. Default: 300. 0 keeps the start.",
      [&fit](const std::string& word) {
        fit.max_iterations = static_cast<int>(ParseInteger(word, 0, 1000000));
      });
  Add(app, kHow, "--accelerate", "on|off",
      "Take longer steps where EM crawls (SQUAREM), if the likelihood does not fall; with "
      "--init-model and --position, climb on a part of a large image first. Default: on. "
      "--tolerance 0 is plain EM in any case.",
      [&fit](const std::string& word) { fit.acceleration = ParseAcceleration(word); });
  Add(app, kHow, "--floor", "on|off",
      "Keep covariances above what rounding to whole numbers alone would give. Default: on. off "
      "is for comparisons with plain EM.",
      [&options](const std::string& word) { options.segment.floor = ParseFloor(word); });
  Add(app, kHow, "--seed", "N", "Seed of all random choices, a whole number >= 0. Default: 0.",
      [&fit](const std::string& word) { fit.seed = ParseSeed(word); });
}

void DeclareOut(CLI::App& app, OutputOptions& output, const std::string& default_set) {
  Add(app, kOut, "-o,--output", "DIR",
      "Folder of the outputs. It is created if it is missing; its parent must exist. Default: "
      "segmented.",
      [&output](const std::string& word) { output.directory = word; });
  Add(app, kOut, "--write", "LIST",
      "Comma-separated: labels, overlay, heatmaps, uncertainty, model, probabilities, masks; or "
      "all. Default: " +
          default_set + ".",
      [&output](const std::string& word) { output.outputs = ParseOutputs(word); });
  Add(app, kOut, "--depth", "TYPE",
      "Numbers in the probabilities' TIFF, if that is written: f32 (0 to 1), u16 (0 to 10000) or "
      "u8 (0 to 250). Default: f32.",
      [&output](const std::string& word) { output.depth = ParseDepth(word); });
  AddFlag(app, kOut, "--overwrite",
          "Replace existing outputs, and remove those of an earlier run on the same input that "
          "this run makes stale. Default: existing outputs are an error.",
          [&output] { output.existing = ExistingOutputs::kOverwrite; });
}

void DeclareRun(CLI::App& app, Options& options) {
  Add(app, kRun, "--threads", "N",
      "Threads, 1 to 1024; the results do not depend on it. Default: as many as this process may "
      "use (" +
          std::to_string(AvailableThreads()) + " here).",
      [&options](const std::string& word) {
        options.threads = static_cast<int>(ParseInteger(word, 1, 1024));
      });
  AddFlag(app, kRun, "--json",
          "Print one JSON document with everything about the run on stdout, in place of the line. "
          "Default: off.",
          [&options] { options.report = ReportFormat::kJson; });
  CLI::Option* quiet = app.add_flag_callback(
      "-q,--quiet", [&options] { options.verbosity = Verbosity::kQuiet; },
      "No progress and no line; warnings and errors stay. Default: off, with progress shown while "
      "stderr is a terminal.");
  quiet->group(kRun);
  app.add_flag_callback(
         "-v,--verbose", [&options] { options.verbosity = Verbosity::kVerbose; },
         "More about the run on stderr: its stages, also where that is no terminal; restarts, "
         "floor, seconds, threads, files. Default: off.")
      ->excludes(quiet)
      ->group(kRun);
  DeclareSettings(app, kRun);
  app.set_help_flag("-h,--help", "Print this help and exit.")->group(kRun);
}

// The declared command line, bound to where its words go.
struct Declaration {
  Options options;
  std::vector<std::string> inputs, apply_inputs;  // before and after the word "apply"
  CLI::App app{
      "Segments an image: fits a Gaussian mixture to its pixels and writes label masks,\n"
      "soft-probability heatmaps and the model.",
      "segment"};
  CLI::App* apply = nullptr;
  std::vector<CLI::Option*> fit_only;

  Declaration();
  Declaration(const Declaration&) = delete;
  Declaration& operator=(const Declaration&) = delete;
};

Declaration::Declaration() {
  options.threads = AvailableThreads();
  app.formatter(std::make_shared<HelpFormatter>());
  app.footer(kSegmentFooter);
  app.add_option("INPUT", inputs,
                 "One image: PNG, JPEG, BMP, WebP, PNM, or a TIFF of any number of bands; 8- and "
                 "16-bit integers, 32-bit float. Alpha 0, NaN and infinity are \"no data\".")
      ->option_text(" ");
  DeclareWhat(app, options);
  DeclareHow(app, options);
  fit_only = app.get_options([](CLI::Option* option) {
    return option->get_group() == kWhat || option->get_group() == kHow;
  });
  DeclareOut(app, options.output, "labels,overlay,heatmaps,uncertainty,model");
  DeclareRun(app, options);
  app.set_version_flag("--version", "segment " GMMSEG_VERSION, "Print the version and exit.")
      ->group(kRun);

  apply = app.add_subcommand("apply",
                             "Label an image by a model fitted before (segment apply "
                             "--help).");
  apply->formatter(std::make_shared<HelpFormatter>());
  apply->footer(kApplyFooter);
  apply->group("Commands");
  apply->add_option("INPUT", apply_inputs, "One image, of the kind that the model was fitted on.")
      ->option_text(" ");
  Add(*apply, kWhat, "--model", "FILE", "The model, a .gmm.json file. Required.",
      [this](const std::string& word) { options.model_path = word; });
  DeclareOut(*apply, options.output, "labels,overlay,heatmaps,uncertainty");
  DeclareRun(*apply, options);
}

void CheckInputs(const std::vector<std::string>& inputs) {
  if (inputs.empty())
    throw ParameterError("no input; name one image, as in: segment photo.jpg -k 4");
  if (inputs.size() > 1)
    throw ParameterError(std::to_string(inputs.size()) + " inputs (" + inputs[0] + ", " +
                         inputs[1] + (inputs.size() > 2 ? ", …" : "") +
                         "); this version takes exactly one image");
}

void CheckApply(const Declaration& declaration) {
  for (const CLI::Option* option : declaration.fit_only)
    if (option->count() > 0)
      throw ParameterError(option->get_name() +
                           " belongs to a fit; segment apply takes a model as it is");
  if (declaration.options.model_path.empty())
    throw ParameterError(
        "no model; name one, as in: segment apply --model photo.gmm.json "
        "other.jpg");
}

void CheckSegment(const Options& options) {
  if (options.model_path.empty() && !options.num_components)
    throw ParameterError("no number of classes; give -k N, for instance -k 4");
}

// Defaults that the words could not set, and rules between options.
Options Complete(Declaration& declaration) {
  std::vector<std::string> inputs = declaration.inputs;
  inputs.insert(inputs.end(), declaration.apply_inputs.begin(), declaration.apply_inputs.end());
  CheckInputs(inputs);
  Options options = declaration.options;
  options.input = inputs.front();
  const auto written_given = [](const CLI::App& app) { return app.count("--write") > 0; };
  if (!declaration.apply->parsed()) {
    CheckSegment(options);
    return options;
  }
  CheckApply(declaration);
  options.command = Command::kApply;
  if (!written_given(declaration.app) && !written_given(*declaration.apply))
    options.output.outputs.erase(Output::kModel);
  return options;
}

// CLI11 counts words ("At Most 1 required but received 2").
std::string WhatIsWrong(const CLI::ParseError& error, const Declaration& declaration) {
  for (const CLI::App* table : std::vector<const CLI::App*>{&declaration.app, declaration.apply})
    for (const CLI::Option* option : table->get_options())
      if (!IsFlag(*option) && option->count() > MostWords(*option))
        return option->get_name(false, true) + " was given more than once (" +
               CLI::detail::join(option->results(), ", ") + "); give it once";
  return error.what();
}

}  // namespace

std::variant<Options, Answer> ParseCommandLine(int argc, const char* const* argv) {
  Declaration declaration;
  try {
    declaration.app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return Answer{declaration.app.help()};
  } catch (const CLI::CallForVersion& version) {
    return Answer{std::string(version.what()) + "\n"};
  } catch (const CLI::ParseError& error) {
    throw ParameterError(WhatIsWrong(error, declaration) + "; see segment --help");
  }
  TakeSettings(declaration.app);
  if (IsDumpAsked(declaration.app)) return Answer{DumpedSettings(declaration.app)};
  return Complete(declaration);
}

void ShowOptionTable(const std::function<void(CLI::App& segment)>& to) {
  Declaration declaration;
  to(declaration.app);
}

}  // namespace gmmseg::cli
