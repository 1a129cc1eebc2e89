#include "cli/settings.h"

#include <gmmseg/errors.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <optional>
#include <set>
#include <vector>

#include "cli/help.h"
#include "cli/option_facts.h"
#include "cli/toml.h"
#include "io/file_bytes.h"

namespace gmmseg::cli {
namespace {

constexpr const char* kConfig = "--config";
constexpr const char* kDumpConfig = "--dump-config";
constexpr std::size_t kCommentColumns = 90;

std::optional<std::string> Variable(const std::string& name) {
  const char* text = std::getenv(name.c_str());
  if (text == nullptr || *text == '\0') return std::nullopt;
  return text;
}

// An option's words from elsewhere than the command line.
struct Setting {
  CLI::Option* option;
  std::vector<std::string> words;
  std::string origin;  // for messages: "GMMSEG_SEED", "photos.toml, line 3"
};

// The command line, the variables and the file, each a layer below the one before. The options of
// `segment apply` stand in a table of their own; words before "apply" went into the main one.
class LayeredOptions {
 public:
  explicit LayeredOptions(CLI::App& segment)
      : segment_(segment),
        command_(segment.get_subcommands().empty() ? segment : *segment.get_subcommands()[0]) {}

  // "segment" or "segment apply".
  std::string CommandName() const {
    const std::string& main = segment_.get_name();
    return &command_ == &segment_ ? main : main + " " + command_.get_name();
  }

  // Those of the command that may come from any layer.
  std::vector<CLI::Option*> Configurable() const {
    std::vector<CLI::Option*> options;
    for (const CLI::Option* option : ShownOptions(command_))
      if (option->get_configurable())
        options.push_back(command_.get_option_no_throw(option->get_name()));
    return options;
  }

  // By its long name without dashes; null if the command has none.
  CLI::Option* Find(const std::string& key) const {
    CLI::Option* option = command_.get_option_no_throw("--" + key);
    return option != nullptr && option->get_configurable() ? option : nullptr;
  }

  // One file may serve all commands.
  bool IsOfAnotherCommand(const std::string& key) const {
    std::vector<CLI::App*> tables = segment_.get_subcommands({});
    tables.push_back(&segment_);
    return std::any_of(tables.begin(), tables.end(), [&key](CLI::App* table) {
      const CLI::Option* option = table->get_option_no_throw("--" + key);
      return option != nullptr && option->get_configurable();
    });
  }

  // The option with the words it has by now; null if there are none.
  const CLI::Option* Given(const std::string& name) const {
    for (CLI::App* table : {&command_, &segment_}) {
      const CLI::Option* option = table->get_option_no_throw(name);
      if (option != nullptr && option->count() > 0) return option;
    }
    return nullptr;
  }

  // A given one that excludes this; null if there is none.
  const CLI::Option* Excluding(const CLI::Option& option) const {
    for (const CLI::Option* other : option.get_excludes())
      if (IsOn(*other)) return other;
    return nullptr;
  }

  // A layer gives way to those above, as they were when it came.
  void Add(const std::vector<Setting>& layer) const {
    std::vector<Setting> open;
    for (const Setting& setting : layer)
      if (Given(setting.option->get_name()) == nullptr && Excluding(*setting.option) == nullptr)
        open.push_back(setting);
    for (const Setting& setting : open) Set(setting);
    for (const Setting& setting : open) CheckExclusions(setting);
  }

 private:
  bool IsOn(const CLI::Option& option) const {
    const CLI::Option* given = Given(option.get_name());
    return given != nullptr && (!IsFlag(*given) || given->as<bool>());
  }

  static void Set(const Setting& setting) {
    try {
      setting.option->add_result(setting.words);
      setting.option->run_callback();
    } catch (const ParameterError& error) {
      throw ParameterError(setting.origin + ": " + error.what());
    } catch (const CLI::ParseError&) {  // it speaks of words, as of a command line
      const std::string& placeholder = setting.option->get_option_text();
      throw ParameterError(setting.origin + ": " + setting.option->get_name() + " " +
                           CLI::detail::join(setting.words, ", ") + ": must be " +
                           (IsFlag(*setting.option) ? "true or false" : "given as " + placeholder));
    }
  }

  void CheckExclusions(const Setting& setting) const {
    const CLI::Option* other = IsOn(*setting.option) ? Excluding(*setting.option) : nullptr;
    if (other != nullptr)
      throw ParameterError(setting.origin + ": " + setting.option->get_name() + " excludes " +
                           other->get_name() + "; take one of the two away");
  }

  CLI::App& segment_;
  CLI::App& command_;
};

std::vector<Setting> SettingsOfVariables(const LayeredOptions& options) {
  std::vector<Setting> settings;
  for (CLI::Option* option : options.Configurable()) {
    const std::string name = VariableName(option->get_single_name());
    if (const auto text = Variable(name)) settings.push_back({option, {*text}, name});
  }
  return settings;
}

// The entry's words, as the option would take them on the command line.
std::vector<std::string> WordsFor(const CLI::Option& option, const TomlEntry& entry) {
  const auto fail = [&entry](const std::string& rule) {
    throw ParameterError(entry.key + " = " + CLI::detail::join(entry.words, ", ") + "; " + rule);
  };
  const bool is_boolean = entry.type == TomlType::kBoolean;
  if (IsFlag(option) && !is_boolean) fail("must be true or false");
  if (!IsFlag(option) && is_boolean) fail("needs a value " + option.get_option_text());
  if (entry.type != TomlType::kList || MostWords(option) > 1) return entry.words;
  if (option.get_option_text() != kListPlaceholder) fail("must be one value, not a list");
  return {CLI::detail::join(entry.words, ",")};
}

std::string UnknownKey(const LayeredOptions& options, const std::string& key) {
  std::string dashed = key;
  std::replace(dashed.begin(), dashed.end(), '_', '-');
  std::string advice = "keys are the long option names, as segment --dump-config lists them";
  for (const CLI::Option* option : options.Configurable())
    if (option->check_lname(dashed) || option->check_sname(key))
      advice = "write " + option->get_single_name();
  return "unknown key " + key + "; " + advice;
}

std::vector<Setting> SettingsOfEntries(const LayeredOptions& options,
                                       const std::vector<TomlEntry>& entries,
                                       const std::string& path) {
  std::vector<Setting> settings;
  std::set<std::string> seen;
  for (const TomlEntry& entry : entries) {
    const std::string origin = path + ", line " + std::to_string(entry.line);
    CLI::Option* option = options.Find(entry.key);
    if (option == nullptr && !options.IsOfAnotherCommand(entry.key))
      throw ParameterError(origin + ": " + UnknownKey(options, entry.key));
    if (!seen.insert(entry.key).second)
      throw ParameterError(origin + ": " + entry.key + " was given before; give it once");
    if (option == nullptr) continue;
    try {
      settings.push_back({option, WordsFor(*option, entry), origin});
    } catch (const ParameterError& error) {
      throw ParameterError(origin + ": " + error.what());
    }
  }
  return settings;
}

std::vector<Setting> SettingsOfFile(const LayeredOptions& options, const std::string& path) {
  const std::vector<unsigned char> bytes = ReadFileBytes(path, "a TOML file");
  std::vector<TomlEntry> entries;
  try {
    entries = ReadToml({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  } catch (const ParameterError& error) {
    throw ParameterError(path + ", " + error.what());
  }
  return SettingsOfEntries(options, entries, path);
}

// The value as it stands in a file; nothing where it is only known with the run, or where another
// option excludes it.
std::optional<std::string> ValueOf(const LayeredOptions& options, const CLI::Option& option) {
  const CLI::Option* given = options.Given(option.get_name());
  if (IsFlag(option)) return given != nullptr && given->as<bool>() ? "true" : "false";
  if (given == nullptr) {
    if (option.get_default_str().empty() || options.Excluding(option) != nullptr) return {};
    return TomlValue(option.get_default_str());
  }
  if (MostWords(option) == 1) return TomlValue(given->results()[0]);
  std::vector<std::string> values;
  for (const std::string& word : given->results()) values.push_back(TomlValue(word));
  return "[" + CLI::detail::join(values, ", ") + "]";
}

std::string Comment(const std::string& text) {
  return "# " + CLI::detail::find_and_replace(Wrap(text, kCommentColumns), "\n", "\n# ") + "\n";
}

}  // namespace

std::string VariableName(const std::string& long_name) {
  std::string name = "GMMSEG_" + long_name;
  for (char& c : name)
    c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

void DeclareSettings(CLI::App& table, const char* group) {
  table
      .add_option(kConfig, CLI::callback_t{},
                  "Take options from this TOML file: the long names, as in components = 4; flags "
                  "are true or false. The command line comes first, then variables such as "
                  "GMMSEG_COMPONENTS, then the file, then the defaults. Default: none.")
      ->option_text("FILE")
      ->type_name("value")
      ->group(group)
      ->configurable(false);
  table
      .add_flag_callback(
          kDumpConfig, [] {},
          "Print the options as they would be used, as a file for --config, and exit.")
      ->group(group)
      ->configurable(false);
}

void TakeSettings(CLI::App& segment) {
  const LayeredOptions options(segment);
  const CLI::Option* file = options.Given(kConfig);
  options.Add(SettingsOfVariables(options));
  const auto path = file != nullptr ? file->results()[0] : Variable(VariableName("config"));
  if (path) options.Add(SettingsOfFile(options, *path));
}

bool IsDumpAsked(CLI::App& segment) {
  return LayeredOptions(segment).Given(kDumpConfig) != nullptr;
}

std::string DumpedSettings(CLI::App& segment) {
  const LayeredOptions options(segment);
  std::string text = Comment("Settings for " + options.CommandName() +
                             " --config. Where no value stands, it is decided with the run.");
  for (const CLI::Option* option : options.Configurable()) {
    const auto value = ValueOf(options, *option);
    text += "\n" + Comment(option->get_description());
    text += (value ? "" : "# ") + option->get_single_name() + " = " +
            value.value_or(option->get_option_text()) + "\n";
  }
  return text;
}

}  // namespace gmmseg::cli
