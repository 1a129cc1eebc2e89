#pragma once

#include <chrono>

namespace gmmseg {

// Wall-clock seconds since it was made or last read by Lap().
class Stopwatch {
 public:
  double Seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  double Lap() {
    const double seconds = Seconds();
    start_ = Clock::now();
    return seconds;
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

}  // namespace gmmseg
