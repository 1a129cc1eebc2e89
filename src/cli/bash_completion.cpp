#include "cli/bash_completion.h"

#include <set>
#include <vector>

#include "cli/option_facts.h"

namespace gmmseg::cli {
namespace {

// The script around the generated lists; _segment_commands, _segment_options, _segment_files and
// _segment_value stand before it.
constexpr const char* kScript = R"(
# Fills COMPREPLY with the words that begin with $1.
_segment_words() { mapfile -t COMPREPLY < <(compgen -W "$2" -- "$1"); }

# The same for the last of a list with commas, without those that stand there already.
_segment_list() {
  local before=${1%"${1##*,}"} word rest=
  for word in $2; do
    [[ ",$before" == *",$word,"* ]] || rest+=" $word"
  done
  mapfile -t COMPREPLY < <(compgen -P "$before" -W "$rest" -- "${1##*,}")
  compopt -o nospace 2>/dev/null
}

# Folders, and the files whose names end in the regular expression $2. $1 comes as it was typed,
# with backslashes or an open quote; bash quotes what it is given.
_segment_paths() {
  local typed=${1//\\/} path
  typed=${typed#[\"\']}
  while IFS= read -r path; do
    [[ -d ${path/#~/$HOME} || ${path,,} =~ ^.*($2)$ ]] && COMPREPLY+=("$path")
  done < <(compgen -f -- "$typed")
  compopt -o filenames 2>/dev/null
}

_segment() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=segment i
  COMPREPLY=()
  # Bash takes --option=value apart at the "=".
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  _segment_value "$prev" "$cur" && return
  for ((i = 1; i < COMP_CWORD; ++i)); do
    [[ " $_segment_commands " == *" ${COMP_WORDS[i]} "* ]] || continue
    _segment_value "${COMP_WORDS[i - 1]}" "" || command=${COMP_WORDS[i]}
  done
  COMPREPLY=()
  if [[ $cur == -* ]]; then
    _segment_words "$cur" "${_segment_options[$command]}"
    return
  fi
  [[ $command != segment ]] || _segment_words "$cur" "$_segment_commands"
  _segment_paths "$cur" "${_segment_files[$command]}"
}

complete -F _segment segment
)";

std::string Joined(const std::vector<std::string>& words) { return CLI::detail::join(words, " "); }

std::string OptionsLine(const CLI::App& table) {
  std::vector<std::string> names;
  for (const CLI::Option* option : ShownOptions(table))
    names.push_back(option->get_name(false, true));
  return "  [" + table.get_name() + "]=\"" +
         CLI::detail::find_and_replace(Joined(names), ",", " ") + "\"\n";
}

// What files the command takes, as a regular expression.
std::string FilesLine(const CLI::App& table) {
  const auto takes = [&table](const std::string& name) {
    return table.get_option_no_throw(name) != nullptr;
  };
  std::vector<std::string> ends;
  if (takes("MODEL")) ends.emplace_back("\\.json");
  if (takes("STATS") || (takes("MODEL") && takes("INPUT"))) ends.emplace_back("\\.stats");
  if (takes("INPUT")) ends.emplace_back("\\.(png|jpe?g|bmp|webp|tiff?|p[bgpnf]m)");
  if (takes("PREDICTION")) ends.emplace_back("\\.(png|tiff?|pgm)");
  return "  [" + table.get_name() + "]='" + CLI::detail::join(ends, "|") + "'\n";
}

// What completes the option's value.
std::string Completer(const CLI::Option& option) {
  const std::string words = "\"$2\" \"" + Joined(OfferedWords(option)) + "\"";
  switch (KindOfValue(option)) {
    case ValueKind::kWord:
      return "_segment_words " + words;
    case ValueKind::kCommaList:
      return "_segment_list " + words;
    case ValueKind::kFile:
      return "_segment_paths \"$2\" \"\"";
    case ValueKind::kFolder:
      return "_segment_paths \"$2\" /";  // no file's name ends so
    case ValueKind::kNone:
    case ValueKind::kOther:
      break;
  }
  return ":";
}

std::string ValueCase(const CLI::Option& option) {
  return "    " + CLI::detail::find_and_replace(option.get_name(false, true), ",", " | ") + ") " +
         Completer(option) + " ;;\n";
}

}  // namespace

std::string BashCompletion(const CLI::App& segment) {
  std::vector<const CLI::App*> tables = segment.get_subcommands({});
  const std::string commands = CLI::detail::join(
      tables, [](const CLI::App* table) { return table->get_name(); }, " ");
  std::string options, files, values;
  std::set<std::string> seen;
  tables.insert(tables.begin(), &segment);
  for (const CLI::App* table : tables) {
    options += OptionsLine(*table);
    files += FilesLine(*table);
    for (const CLI::Option* option : ShownOptions(*table))
      if (!IsFlag(*option) && seen.insert(option->get_name()).second) values += ValueCase(*option);
  }
  return "# bash completion for segment(1)\n\n_segment_commands=\"" + commands +
         "\"\ndeclare -gA _segment_options=(\n" + options + ")\ndeclare -gA _segment_files=(\n" +
         files +
         ")\n\n# Completes $2 as the value of option $1; fails where that takes none.\n"
         "_segment_value() {\n  case $1 in\n" +
         values + "    *) return 1 ;;\n  esac\n  return 0\n}\n" + kScript;
}

}  // namespace gmmseg::cli
