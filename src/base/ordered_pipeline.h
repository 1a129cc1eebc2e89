// Work on many things at once, whose results are wanted in order.
#pragma once

#include <oneapi/tbb/parallel_pipeline.h>
#include <oneapi/tbb/task_arena.h>

#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <vector>

namespace gmmseg {

enum class Next { kGoOn, kStop };

// results[i] = work(i) for i = 0 … count-1, on any thread, and finish(i, result) in order, one at a
// time. At most `window` of them are begun and not finished. After kStop nothing new begins, and
// what has begun is finished. After an exception nothing new begins nor is finished; what has begun
// runs to its end, and the exception passes through. (Left to the pipeline, it would cancel it, and
// with it loops within other work, which would go on with half of their results.)
template <typename Work, typename Finish>
void ForEachInOrder(std::int64_t count, int window, const Work& work, const Finish& finish) {
  using Result = decltype(work(std::int64_t{}));
  // Tokens are numbers: one that owned its result would leak where a filter throws.
  std::vector<std::optional<Result>> results(window);
  std::atomic<bool> stopped{false}, failed{false};
  std::exception_ptr failure;
  std::mutex mutex;
  const auto guarded = [&](const auto& step) {
    try {
      if (!failed) step();
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failed) failure = std::current_exception();
      failed = true;
    }
  };
  std::int64_t next = 0;
  tbb::parallel_pipeline(
      window, tbb::make_filter<void, std::int64_t>(tbb::filter_mode::serial_in_order,
                                                   [&](tbb::flow_control& control) {
                                                     if (stopped || failed || next == count)
                                                       control.stop();
                                                     return next++;
                                                   }) &
                  tbb::make_filter<std::int64_t, std::int64_t>(
                      tbb::filter_mode::parallel,
                      [&](std::int64_t i) {
                        // A thread that waits within one thing must not begin another.
                        tbb::this_task_arena::isolate(
                            [&] { guarded([&] { results[i % window].emplace(work(i)); }); });
                        return i;
                      }) &
                  tbb::make_filter<std::int64_t, void>(
                      tbb::filter_mode::serial_in_order, [&](std::int64_t i) {
                        std::optional<Result>& result = results[i % window];
                        guarded([&] {
                          if (finish(i, *result) == Next::kStop) stopped = true;
                        });
                        result.reset();
                      }));
  if (failure) std::rethrow_exception(failure);
}

}  // namespace gmmseg
