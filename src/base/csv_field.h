#pragma once

#include <string>

namespace gmmseg {

// The field as a CSV file has it, in quotes where it must be.
inline std::string CsvField(const std::string& field) {
  if (field.find_first_of(",\"\r\n") == field.npos) return field;
  std::string quoted = "\"";
  for (const char c : field) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace gmmseg
