// The completion of bash for `segment`, written from the option table.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace gmmseg::cli {

std::string BashCompletion(const CLI::App& segment);

}  // namespace gmmseg::cli
