// The option table: every command and option, its help, and where its words go. What options may
// stand together is told in options.cpp.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.h"

namespace gmmseg::cli {

// The declared command line, bound to where its words go.
struct Declaration {
  Options options;
  std::vector<std::string> inputs, command_inputs;  // before a command's word, and after it
  CLI::App app{
      "Segments images: fits a Gaussian mixture to their pixels and writes label masks,\n"
      "soft-probability heatmaps and the model.",
      "segment"};
  CLI::App *apply = nullptr, *sample = nullptr, *stats = nullptr, *merge = nullptr,
           *update = nullptr, *eval = nullptr;
  std::vector<CLI::Option*> fit_only;
  std::optional<double> level;  // of --level

  Declaration();
  Declaration(const Declaration&) = delete;
  Declaration& operator=(const Declaration&) = delete;

 private:
  // After everything that does not go with them.
  void DeclareRegions();
  CLI::App* AddCommand(const std::string& name, const std::string& help, const char* footer);
};

}  // namespace gmmseg::cli
