// The EM loop: the only one there is.
#pragma once

#include <gmmseg/fit.h>

#include <functional>
#include <vector>

#include "mixture/accumulate.h"
#include "mixture/maximize.h"

namespace gmmseg {

struct EmOptions {
  MaximizeRules rules;
  double num_points = 0;  // that the samples stand for
  double tolerance = 0;   // of the log-likelihood per sample
  int max_iterations = 0;
  int max_rescues = 0;
  Acceleration acceleration = Acceleration::kOff;
  std::function<void(int iteration, double log_likelihood)> progress;  // may be empty
  int trace_length = 0;
};

struct EmResult {
  GaussianMixture model;
  StopReason stop_reason = StopReason::kMaxIterations;
  double initial_log_likelihood = 0;  // per sample, plane units, with the prior, as all here
  std::vector<double> history;        // after each iteration
  double log_prior = 0;               // the prior's part of the last
  std::vector<Rescue> rescues;
  std::vector<bool> at_floor;
  std::vector<TracePoint> trace;
  double num_samples = 0;  // Σ of the source's weights
  int passes = 0;  // looks at the source: one for the start, one per iteration, one per leap that
                   // was not taken

  double log_likelihood() const {
    return history.empty() ? initial_log_likelihood : history.back();
  }
};

EmResult RunEm(StatsSource& source, const GaussianMixture& start, const EmOptions& options);

}  // namespace gmmseg
