#include <gmmseg/threads.h>

#include <memory>
#include <optional>

#include "programs.h"

namespace gmmseg::bench {
namespace {

void SetThreads(int num_threads) {
  static std::optional<ThreadLimit> limit;
  limit.reset();
  limit.emplace(num_threads);
}

Fit Prepare(const Task& task) {
  const auto samples = std::make_shared<Samples>(Samples::FromRows(task.points.transpose()));
  return [samples, start = task.start](int iterations) {
    FitOptions options;
    options.start = start;
    options.tolerance = 0;
    options.max_iterations = iterations;
    return FitMixture(*samples, options).model;
  };
}

}  // namespace

std::vector<Program> GmmsegPrograms() {
  constexpr std::int64_t kNoLimit = std::int64_t{1} << 40;
  return {{"gmmseg", CovarianceType::kFull, kNoLimit, 20, SetThreads, Prepare},
          {"gmmseg", CovarianceType::kDiagonal, kNoLimit, 20, SetThreads, Prepare}};
}

}  // namespace gmmseg::bench
