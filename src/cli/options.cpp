#include "cli/options.h"

#include <gmmseg/errors.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <string_view>

#include "cli/option_facts.h"
#include "cli/option_table.h"
#include "cli/settings.h"
#include "cli/values.h"

namespace gmmseg::cli {
namespace {

void CheckInputs(const std::vector<std::string>& inputs) {
  if (inputs.empty())
    throw ParameterError("no input; name an image or a folder, as in: segment photo.jpg -k 4");
}

void CheckApply(const Declaration& declaration) {
  for (const CLI::Option* option : declaration.fit_only)
    if (option->count() > 0)
      throw ParameterError(option->get_name(false, true) +
                           " belongs to a fit; a model is applied as it is: leave it away");
  if (declaration.options.source)
    throw ParameterError(
        "--shared-model, --match and --separate-models belong to a fit; a model is applied as it "
        "is: "
        "leave them away");
  if (declaration.options.model_path.empty())
    throw ParameterError(
        "no model; name one, as in: segment apply --model photo.gmm.json "
        "other.jpg");
}

// Options before the word of a command that writes one file are of another, whose -o is a folder.
void CheckNothingBefore(const Declaration& declaration, const CLI::App& command) {
  const auto fail = [&command](const std::string& what) {
    throw ParameterError(what + " stands before the word " + command.get_name() +
                         "; leave it away, or write it behind");
  };
  for (const CLI::Option* option : declaration.app.get_options())
    if (option->count() > 0 && option->nonpositional()) fail(option->get_name(false, true));
  if (!declaration.inputs.empty()) fail(declaration.inputs.front());
}

void CheckSample(const Declaration& declaration) {
  if (declaration.command_inputs.size() != 1)
    throw ParameterError(
        "segment sample takes one model and nothing else, as in: segment sample photo.gmm.json -n "
        "1000");
}

// What a command around statistics cannot be without.
void CheckComplete(const Options& options, const std::string& example) {
  const auto require = [&example](bool given, const std::string& what) {
    if (!given) throw ParameterError("no " + what + ", as in: " + example);
  };
  require(options.command == Command::kMerge || !options.model_path.empty(), "model; name one");
  require(!options.inputs.empty(), "input; name one at least");
  require(!options.output_file.empty(), "output; name a file");
}

// Every image is to have the reference's classes: none may have a number of its own.
void CheckMatch(const Options& options) {
  if (options.segment.num_classes > 0 && !options.model_path.empty())
    throw ParameterError("--classes: --match takes the classes of " + options.model_path +
                         "; leave one of them away");
  if (options.choose)
    throw ParameterError(
        "-k is a range, and --match wants one number; give -k N, for instance -k 4");
  if (options.model_path.empty() && options.start_path.empty() && !options.num_components)
    throw ParameterError("no number of classes; with --match give -k N, for instance -k 4");
}

void CheckScribbles(const Options& options) {
  if (options.scribbles.empty()) {
    if (options.segment.fit.freeze == Freeze::kOn && options.start_path.empty())
      throw ParameterError(
          "--freeze holds classes that are known; give them by --scribbles or --init-model, or "
          "leave --freeze away");
    return;
  }
  if (options.choose)
    throw ParameterError(
        "-k is a range, and --scribbles says which classes there are; give -k N, or leave -k away");
  if (options.source == ModelSource::kMatched)
    throw ParameterError(
        "--scribbles numbers the classes, and so does --match; leave one of them away");
}

// What the words say of regions, but for what they say of classes and regions alike.
void CompleteRegions(const Declaration& declaration, Options& options) {
  RegionOptions& regions = *options.regions;
  if (options.choose)
    throw ParameterError(
        "-k is a range, and --regions takes one number of components; give -k N, or leave -k away");
  if (declaration.level && regions.num_regions)
    throw ParameterError(
        "--regions with a number and --level say how many regions there are, both; leave one of "
        "them away");
  regions.level = declaration.level.value_or(regions.level);
  regions.num_components = options.num_components.value_or(regions.num_components);
  regions.seed = options.segment.fit.seed;
}

void CheckEarlier(const Options& options) {
  if (options.earlier != EarlierRun::kRefuse &&
      options.output.existing == ExistingOutputs::kOverwrite)
    throw ParameterError("--overwrite starts over, --resume and --refit go on; give one of them");
}

// One file is a job by itself unless something is asked of it that only folder jobs do.
bool IsJobOfOneImage(const Options& options) {
  return IsOneFile(options.inputs) && !options.source && options.earlier == EarlierRun::kRefuse &&
         options.on_failure == OnFailure::kGoOn && options.action == Action::kWork;
}

Options CompleteSample(const Declaration& declaration) {
  CheckNothingBefore(declaration, *declaration.sample);
  CheckSample(declaration);
  Options options = declaration.options;
  options.command = Command::kSample;
  options.model_path = declaration.command_inputs.front();
  return options;
}

// A command around statistics.
struct StatsCommand {
  const CLI::App* table;
  Command command;
  const char* example;
};

Options CompleteStats(const Declaration& declaration, const StatsCommand& command) {
  CheckNothingBefore(declaration, *command.table);
  Options options = declaration.options;
  options.command = command.command;
  options.inputs = declaration.command_inputs;
  CheckComplete(options, command.example);
  return options;
}

void CheckEval(const Options& options) {
  constexpr char kExample[] = ", as in: segment eval predictions/ --truth truths/";
  if (options.inputs.empty())
    throw ParameterError(std::string("no prediction; name one before --truth") + kExample);
  if (options.truths.empty()) throw ParameterError(std::string("no truth; name one") + kExample);
  const std::string& output = options.output_file;
  if (!output.empty() && !output.ends_with(kCsvExtension) && !output.ends_with(kJsonExtension))
    throw ParameterError("-o,--output " + output + ": must end in .csv or .json");
}

Options CompleteEval(const Declaration& declaration) {
  CheckNothingBefore(declaration, *declaration.eval);
  Options options = declaration.options;
  options.command = Command::kEval;
  options.inputs = declaration.command_inputs;
  CheckEval(options);
  return options;
}

// Defaults that the words could not set, and rules between options.
Options Complete(Declaration& declaration) {
  Options& options = declaration.options;
  if (declaration.sample->parsed()) return CompleteSample(declaration);
  if (declaration.eval->parsed()) return CompleteEval(declaration);
  for (const StatsCommand& command :
       {StatsCommand{declaration.stats, Command::kStats,
                     "segment stats --model photo.gmm.json photos/ -o photos.stats"},
        {declaration.merge, Command::kMerge, "segment merge a.stats b.stats -o all.stats"},
        {declaration.update, Command::kUpdate,
         "segment update photo.gmm.json all.stats -o new.gmm.json"}})
    if (command.table->parsed()) return CompleteStats(declaration, command);
  options.inputs = declaration.inputs;
  options.inputs.insert(options.inputs.end(), declaration.command_inputs.begin(),
                        declaration.command_inputs.end());
  CheckInputs(options.inputs);
  CheckEarlier(options);
  options.one_image = IsJobOfOneImage(options);
  options.one_file = options.one_image && options.memory == 0;
  options.default_outputs =
      declaration.app.count("--write") == 0 && declaration.apply->count("--write") == 0;
  if (options.regions && !declaration.apply->parsed()) {
    CompleteRegions(declaration, options);
    if (options.default_outputs) options.output.outputs = DefaultRegionOutputs();
    return options;
  }
  if (declaration.level && !declaration.apply->parsed())
    throw ParameterError("--level is of regions; give --regions with it, or leave it away");
  if (options.default_outputs) options.output.outputs.insert(Output::kVolumes);
  if (options.default_outputs && !options.one_file) options.output.outputs.insert(Output::kReport);
  const bool matches = options.source == ModelSource::kMatched;
  if (!declaration.apply->parsed() && (declaration.app.count("--model") == 0 || matches)) {
    CheckScribbles(options);
    if (matches) CheckMatch(options);
    return options;
  }
  CheckApply(declaration);
  options.command = Command::kApply;
  if (options.default_outputs) options.output.outputs.erase(Output::kModel);
  return options;
}

// A number, or what was meant to be one and is no file.
bool IsRegionsWord(std::string_view word) {
  constexpr std::string_view kDigits = "0123456789";
  if (word == kAutoRegions || word.empty()) return true;
  if (word.find_first_not_of(kDigits) == word.npos) return true;
  const std::size_t sign = word.front() == '-' || word.front() == '+' ? 1 : 0;
  return word.size() > sign && kDigits.find(word[sign]) != kDigits.npos &&
         !std::filesystem::exists(word);
}

// --regions stands alone, too, but CLI11 would take the input behind it for its word.
std::vector<const char*> WithRegionsWord(int argc, const char* const* argv) {
  std::vector<const char*> words;
  const std::vector<std::string_view> given(argv, argv + argc);
  bool may_be_option = true;  // "--" ends them
  for (std::size_t i = 0; i < given.size(); ++i) {
    words.push_back(argv[i]);
    may_be_option = may_be_option && given[i] != "--";
    if (!may_be_option || given[i] != "--regions") continue;
    const bool has_word = i + 1 < given.size() && IsRegionsWord(given[i + 1]);
    if (!has_word) words.push_back(kAutoRegions);
  }
  return words;
}

// CLI11 counts words ("At Most 1 required but received 2").
std::string WhatIsWrong(const CLI::ParseError& error, const Declaration& declaration) {
  std::vector<const CLI::App*> tables = declaration.app.get_subcommands({});
  tables.insert(tables.begin(), &declaration.app);
  for (const CLI::App* table : tables)
    for (const CLI::Option* option : table->get_options())
      if (!IsFlag(*option) && option->count() > MostWords(*option))
        return option->get_name(false, true) + " was given more than once (" +
               CLI::detail::join(option->results(), ", ") + "); give it once";
  return error.what();
}

// Of the command whose word was given, if there was one.
std::string HelpFor(const Declaration& declaration) {
  const std::vector<CLI::App*> commands = declaration.app.get_subcommands();
  return "segment " + (commands.empty() ? "" : commands.front()->get_name() + " ") + "--help";
}

}  // namespace

std::variant<Options, Answer> ParseCommandLine(int argc, const char* const* argv) {
  Declaration declaration;
  const std::vector<const char*> words = WithRegionsWord(argc, argv);
  try {
    declaration.app.parse(static_cast<int>(words.size()), words.data());
  } catch (const CLI::CallForHelp&) {
    return Answer{declaration.app.help()};
  } catch (const CLI::CallForVersion& version) {
    return Answer{std::string(version.what()) + "\n"};
  } catch (const CLI::ParseError& error) {
    throw ParameterError(WhatIsWrong(error, declaration) + "; see " + HelpFor(declaration));
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
