// The options of the commands that write one file.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/options.h"

namespace gmmseg::cli {

void DeclareSample(CLI::App& app, std::vector<std::string>& models, Options& options);
void DeclareStats(CLI::App& app, std::vector<std::string>& inputs, Options& options);
void DeclareMerge(CLI::App& app, std::vector<std::string>& inputs, Options& options);
void DeclareUpdate(CLI::App& app, std::vector<std::string>& inputs, Options& options);
void DeclareEval(CLI::App& app, std::vector<std::string>& predictions, Options& options);

}  // namespace gmmseg::cli
