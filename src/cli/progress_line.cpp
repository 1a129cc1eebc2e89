#include "cli/progress_line.h"

#include <unistd.h>

#include <cstdio>

#include "cli/messages.h"

namespace gmmseg::cli {
namespace {

constexpr std::size_t kColumns = 79;  // of the narrowest common terminal
constexpr std::chrono::milliseconds kPause{100};

}  // namespace

ProgressLine::ProgressLine(Verbosity verbosity)
    : active_(verbosity != Verbosity::kQuiet && isatty(STDERR_FILENO) == 1) {}

ProgressLine::~ProgressLine() { Wipe(); }

void ProgressLine::Show(const std::string& text, Urgency urgency) {
  const Clock::time_point now = Clock::now();
  if (!active_ || (urgency == Urgency::kRoutine && now - last_ < kPause)) return;
  last_ = now;
  // The end of a long text says more than the folders at its start.
  const std::string line =
      OneLine(text.size() <= kColumns ? text : text.substr(text.size() - kColumns));
  const std::size_t blanks = shown_ > line.size() ? shown_ - line.size() : 0;
  std::fprintf(stderr, "\r%s%*s", line.c_str(), static_cast<int>(blanks), "");
  std::fflush(stderr);
  shown_ = line.size();
}

void ProgressLine::Wipe() {
  if (shown_ == 0) return;
  std::fprintf(stderr, "\r%*s\r", static_cast<int>(shown_), "");
  std::fflush(stderr);
  shown_ = 0;
}

}  // namespace gmmseg::cli
