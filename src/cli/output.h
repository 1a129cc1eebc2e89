// stdout for results, stderr for everything else.
#pragma once

#include <string>

namespace gmmseg::cli {

// Throws IoError where stdout cannot be written; `what_stays` says what is there nevertheless.
void Print(const std::string& text, const std::string& what_stays);

// "segment: " and the line.
void Tell(const std::string& line);

}  // namespace gmmseg::cli
