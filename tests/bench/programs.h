// The programs that bench_em compares: one interface, one file each, compiled in only where found.
#pragma once

#include <gmmseg/fit.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace gmmseg::bench {

struct Task {
  Eigen::MatrixXd points;  // D × N, one column per pixel
  GaussianMixture start;   // the same for every program
};

// Runs EM for that many iterations from the task's start, and returns where it came to.
using Fit = std::function<GaussianMixture(int iterations)>;

struct Program {
  std::string name;
  CovarianceType covariance_type;
  int num_features;                         // 0: any number
  std::int64_t max_pixels;                  // slow programs get fewer
  int iterations;                           // per timed run
  std::function<void(int)> set_threads;     // empty: it knows one thread only
  std::function<Fit(const Task&)> prepare;  // copies the data as the program wants them; not timed
};

std::vector<Program> GmmsegPrograms();
std::vector<Program> OpenCvPrograms();
std::vector<Program> ArmadilloPrograms();
std::vector<Program> VlfeatPrograms();

}  // namespace gmmseg::bench
