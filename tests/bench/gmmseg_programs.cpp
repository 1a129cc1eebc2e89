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

// Colour and position independent of each other within a component.
Fit PrepareColorAndPlace(Task task) {
  task.start.blocks = {{.first = 0, .size = 3}, {.first = 3, .size = 2}};
  for (Eigen::MatrixXd& covariance : task.start.covariances) {
    covariance.topRightCorner(3, 2).setZero();
    covariance.bottomLeftCorner(2, 3).setZero();
  }
  return Prepare(task);
}

}  // namespace

std::vector<Program> GmmsegPrograms() {
  constexpr std::int64_t kNoLimit = std::int64_t{1} << 40;
  return {{"gmmseg", CovarianceType::kFull, 0, kNoLimit, 40, SetThreads, Prepare},
          {"gmmseg", CovarianceType::kDiagonal, 0, kNoLimit, 40, SetThreads, Prepare},
          {"gmmseg, blocks 3 + 2", CovarianceType::kFull, 5, kNoLimit, 40, SetThreads,
           PrepareColorAndPlace}};
}

}  // namespace gmmseg::bench
