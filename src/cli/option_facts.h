// What a declared option says of itself beyond CLI11's own words, for --dump-config, the man page
// and the completion.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace gmmseg::cli {

// The word after "Default:" if the help's sentence is that one word, as in "Default: 300." More
// words tell of a default that is known only with the run; that, and "none", gives "".
std::string StatedDefault(const std::string& help);

// The placeholder of a list of words with commas between them.
inline constexpr const char* kListPlaceholder = "LIST";

// The placeholder of files or folders, one after another.
inline constexpr const char* kFilesPlaceholder = "FILE...";

bool IsFlag(const CLI::Option& option);
std::size_t MostWords(const CLI::Option& option);

// The words of a fixed set, as the option lists them where it is given none of them; empty where
// any other text may follow. The option must be one that nobody parses with.
std::vector<std::string> OfferedWords(const CLI::Option& option);

// What follows the option on the command line.
enum class ValueKind { kNone, kWord, kCommaList, kFile, kFolder, kOther };
ValueKind KindOfValue(const CLI::Option& option);

// Those with a group and a dash, group by group as --help shows them.
std::vector<const CLI::Option*> ShownOptions(const CLI::App& table);

}  // namespace gmmseg::cli
