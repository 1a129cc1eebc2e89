#pragma once

#include <chrono>
#include <string>

#include "cli/options.h"

namespace gmmseg::cli {

// Progress on stderr. On a terminal: one line that is written over again and again, and wiped at
// the end, with neither colour nor escape codes. Elsewhere: with --verbose a plain line for each
// piece of important news, else nothing.
class ProgressLine {
 public:
  explicit ProgressLine(Verbosity verbosity);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // Routine news at most ten times a second; important is a new stage.
  enum class Urgency { kRoutine, kImportant };
  void Show(const std::string& text, Urgency urgency);
  void Wipe();
  bool on_terminal() const { return style_ == Style::kOneLine; }

 private:
  using Clock = std::chrono::steady_clock;
  enum class Style { kNone, kOneLine, kLines };
  static Style StyleFor(Verbosity verbosity);

  void Overwrite(const std::string& text);

  Style style_;
  std::size_t shown_ = 0;  // characters on the line now
  Clock::time_point last_{};
};

}  // namespace gmmseg::cli
