// How the help looks: usage lines, wrapped descriptions, examples and exit codes.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace gmmseg::cli {

// Lines of at most so many columns, a longer word apart.
std::string Wrap(const std::string& text, std::size_t columns);

class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter();
  std::string make_usage(const CLI::App* app, std::string name) const override;
  std::string make_option_opts(const CLI::Option* option) const override;
  std::string make_option_desc(const CLI::Option* option) const override;
};

extern const char* const kSegmentFooter;
extern const char* const kApplyFooter;
extern const char* const kSampleFooter;
extern const char* const kStatsFooter;
extern const char* const kMergeFooter;
extern const char* const kUpdateFooter;
extern const char* const kEvalFooter;

}  // namespace gmmseg::cli
