// The part of TOML that settings need: "key = value" at the top level, where a value is a string, a
// number, a boolean or a list of these. CLI11's own reader cuts strings at '#' and ',', knows no
// escapes and counts no lines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gmmseg::cli {

enum class TomlType { kBoolean, kNumber, kString, kList };

struct TomlEntry {
  std::string key;
  TomlType type = TomlType::kString;
  std::vector<std::string> words;  // of a list: its items; otherwise one
  int line = 1;
};

// In the order of the text. Throws ParameterError "line 3: …".
std::vector<TomlEntry> ReadToml(std::string_view text);

// The word as a number where it is one, otherwise as a string: what ReadToml reads back as `word`.
std::string TomlValue(const std::string& word);

}  // namespace gmmseg::cli
