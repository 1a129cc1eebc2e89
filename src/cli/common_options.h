// Options that several commands have, and how one is declared.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "cli/options.h"

namespace gmmseg::cli {

inline constexpr const char* kRead = "Reading";
inline constexpr const char* kWhat = "What";
inline constexpr const char* kHow = "How";
inline constexpr const char* kModels = "Models for many images";
inline constexpr const char* kFolders = "Runs over many images";
inline constexpr const char* kOut = "Out";
inline constexpr const char* kRun = "Run";

using Setter = std::function<void(const std::string& word)>;

// An option with one value. What the setter throws is completed by the option and the word:
// "-k,--components four: must be a whole number from 1 to 65535".
CLI::Option* Add(CLI::App& app, const char* group, const std::string& names,
                 const std::string& placeholder, const std::string& help, const Setter& set);
CLI::Option* AddFlag(CLI::App& app, const char* group, const std::string& names,
                     const std::string& help, const std::function<void()>& set);

void DeclareSeed(CLI::App& app, Options& options);
void DeclareFloor(CLI::App& app, Options& options);
void DeclareRecursive(CLI::App& app, Options& options);
void DeclareMemory(CLI::App& app, Options& options);
void DeclareThreads(CLI::App& app, Options& options);
CLI::Option* DeclareQuiet(CLI::App& app, Options& options);
void DeclareJson(CLI::App& app, Options& options, const std::string& help);
// Where the command writes one file.
void DeclareOutputFile(CLI::App& app, Options& options, const std::string& help);
void DeclareEnd(CLI::App& app);  // what every command has

}  // namespace gmmseg::cli
