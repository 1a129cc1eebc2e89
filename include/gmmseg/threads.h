// How many threads the library uses. Results never depend on it.
#pragma once

#include <memory>

namespace gmmseg {

// Cores this process may use: the smaller of its affinity mask and its cgroup CPU quota, at
// least 1.
int AvailableThreads();

// Threads the library would use now: as many as the narrowest ThreadLimit that lives allows.
int ActiveThreads();

// While it lives, the library runs on at most `num_threads` threads. Throws ParameterError if
// num_threads < 1.
class ThreadLimit {
 public:
  explicit ThreadLimit(int num_threads);
  ~ThreadLimit();
  ThreadLimit(const ThreadLimit&) = delete;
  ThreadLimit& operator=(const ThreadLimit&) = delete;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gmmseg
