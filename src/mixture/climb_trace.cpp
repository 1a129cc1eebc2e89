#include "mixture/climb_trace.h"

#include <utility>

namespace gmmseg {

void ClimbTrace::Add(int iteration, const GaussianMixture& model) {
  if (most_ == 0) return;
  if (last_.model.num_components() != model.num_components()) {
    points_.clear();
    step_ = 1;
  }
  last_ = {iteration, model};
  if (!points_.empty() && iteration % step_ != 0) return;
  if (full()) Thin();
  if (points_.empty() || (iteration % step_ == 0 && !full())) points_.push_back(last_);
}

// Every second point goes, so that those left are twice as far apart.
void ClimbTrace::Thin() {
  std::vector<TracePoint> kept;
  for (std::size_t i = 0; i < points_.size(); i += 2) kept.push_back(std::move(points_[i]));
  points_ = std::move(kept);
  step_ *= 2;
}

std::vector<TracePoint> ClimbTrace::Take() {
  if (points_.empty() || points_.back().iteration == last_.iteration) return std::move(points_);
  if (full()) points_.pop_back();
  points_.push_back(std::move(last_));
  return std::move(points_);
}

}  // namespace gmmseg
