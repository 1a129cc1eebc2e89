#include "cli/progress_line.h"

#include <unistd.h>

#include <cstdio>

#include "cli/messages.h"

namespace gmmseg::cli {
namespace {

constexpr std::size_t kColumns = 79;  // of the narrowest common terminal
constexpr std::chrono::milliseconds kPause{100};

}  // namespace

ProgressLine::Style ProgressLine::StyleFor(Verbosity verbosity) {
  if (verbosity == Verbosity::kQuiet) return Style::kNone;
  if (isatty(STDERR_FILENO) == 1) return Style::kOneLine;
  return verbosity == Verbosity::kVerbose ? Style::kLines : Style::kNone;
}

ProgressLine::ProgressLine(Verbosity verbosity) : style_(StyleFor(verbosity)) {}

ProgressLine::~ProgressLine() { Wipe(); }

void ProgressLine::Show(const std::string& text, Urgency urgency) {
  if (style_ == Style::kLines && urgency == Urgency::kImportant)
    std::fprintf(stderr, "segment: %s\n", OneLine(text).c_str());
  if (style_ != Style::kOneLine) return;
  const Clock::time_point now = Clock::now();
  if (urgency == Urgency::kRoutine && now - last_ < kPause) return;
  last_ = now;
  Overwrite(text);
}

void ProgressLine::Overwrite(const std::string& text) {
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
