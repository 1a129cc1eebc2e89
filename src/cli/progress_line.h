#pragma once

#include <chrono>
#include <string>

#include "cli/options.h"

namespace gmmseg::cli {

// One line on stderr that is written over again and again, and wiped at the end. It exists on a
// terminal alone, and carries neither colour nor escape codes.
class ProgressLine {
 public:
  explicit ProgressLine(Verbosity verbosity);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // At most ten times a second, apart from `important` news such as a new stage.
  enum class Urgency { kRoutine, kImportant };
  void Show(const std::string& text, Urgency urgency);
  void Wipe();

 private:
  using Clock = std::chrono::steady_clock;
  bool active_ = false;
  std::size_t shown_ = 0;  // characters on the line now
  Clock::time_point last_{};
};

}  // namespace gmmseg::cli
