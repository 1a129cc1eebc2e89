// The manual page segment(1), written from the option table and the help's texts.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace gmmseg::cli {

std::string ManPage(const CLI::App& segment);

}  // namespace gmmseg::cli
