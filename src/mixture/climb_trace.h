// The models that a climb passes through, thinned so that they stay few.
#pragma once

#include <gmmseg/fit.h>

#include <vector>

namespace gmmseg {

class ClimbTrace {
 public:
  // Keeps at most `most` models; none where that is 0.
  explicit ClimbTrace(int most) : most_(most) {}

  // The model after `iteration`, which grows from call to call. One with another number of
  // components than the last begins anew: component k is the same one in every model that is kept.
  void Add(int iteration, const GaussianMixture& model);

  // What was kept, the model added last included.
  std::vector<TracePoint> Take();

 private:
  bool full() const { return static_cast<int>(points_.size()) >= most_; }
  void Thin();

  int most_;
  int step_ = 1;  // iterations between kept models
  std::vector<TracePoint> points_;
  TracePoint last_;
};

}  // namespace gmmseg
