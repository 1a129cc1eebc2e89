// Options given by GMMSEG_* variables and by the file of --config, and all of them written out by
// --dump-config. Everything is read off the option table: a declared option has its variable
// (--max-iterations: GMMSEG_MAX_ITERATIONS), its key (max-iterations) and its line of the dump.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace gmmseg::cli {

// The variable of an option: GMMSEG_MAX_ITERATIONS of "max-iterations".
std::string VariableName(const std::string& long_name);

// --config and --dump-config.
void DeclareSettings(CLI::App& table, const char* group);

// Gives the options that the parsed command line left open their words, first from the variables,
// then from the file. An option that excludes one given before it gives way. Throws ParameterError
// naming the variable or the file and line, and IoError where the file cannot be read.
void TakeSettings(CLI::App& segment);

bool IsDumpAsked(CLI::App& segment);

// The options of the command that was parsed, as a file for --config that asks for the same run.
std::string DumpedSettings(CLI::App& segment);

}  // namespace gmmseg::cli
