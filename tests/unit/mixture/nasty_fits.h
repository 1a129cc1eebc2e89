// Samples and options that a fit may choke on, by number.
#pragma once

#include <gmmseg/fit.h>

#include <Eigen/Core>
#include <cstdint>
#include <string>

namespace gmmseg {

struct NastyFit {
  std::string description;  // family of the rows, weights, start
  Eigen::MatrixXd rows;
  Eigen::VectorXd weights;  // may be empty
  FitOptions options;
  bool far_start = false;  // may be refused
};

NastyFit MakeNastyFit(std::uint64_t number);

}  // namespace gmmseg
