#include "cli/option_facts.h"

#include <gmmseg/errors.h>

#include <exception>

#include "base/words.h"

namespace gmmseg::cli {

std::string StatedDefault(const std::string& help) {
  constexpr std::string_view kLead = "Default: ";
  const std::size_t lead = help.find(kLead);
  if (lead == std::string::npos) return "";
  const std::size_t begin = lead + kLead.size();
  const std::string sentence = help.substr(begin, (help + " ").find(". ", begin) - begin);
  return sentence == "none" || sentence.find(' ') != std::string::npos ? "" : sentence;
}

bool IsFlag(const CLI::Option& option) { return option.get_items_expected_max() == 0; }

std::size_t MostWords(const CLI::Option& option) {
  return static_cast<std::size_t>(option.get_items_expected_max());
}

std::vector<std::string> OfferedWords(const CLI::Option& option) {
  const CLI::callback_t take = option.get_callback();
  if (IsFlag(option) || !take) return {};
  try {
    take({"?"});
  } catch (const ParameterError& refusal) {
    try {
      std::rethrow_if_nested(refusal);
    } catch (const UnknownWord& unknown) {
      return {unknown.known().begin(), unknown.known().end()};
    } catch (const ParameterError&) {  // of a range, say
    }
  }
  return {};
}

ValueKind KindOfValue(const CLI::Option& option) {
  if (IsFlag(option)) return ValueKind::kNone;
  const std::string& placeholder = option.get_option_text();
  if (placeholder == "FILE" || placeholder == kFilesPlaceholder) return ValueKind::kFile;
  if (placeholder == "DIR") return ValueKind::kFolder;
  if (OfferedWords(option).empty()) return ValueKind::kOther;
  return placeholder == kListPlaceholder ? ValueKind::kCommaList : ValueKind::kWord;
}

std::vector<const CLI::Option*> ShownOptions(const CLI::App& table) {
  std::vector<const CLI::Option*> shown;
  for (const std::string& group : table.get_groups())
    for (const CLI::Option* option : table.get_options([&group](const CLI::Option* each) {
           return !group.empty() && each->get_group() == group && each->nonpositional();
         }))
      shown.push_back(option);
  return shown;
}

}  // namespace gmmseg::cli
