// One EM step from statistics that are at hand, whoever took them.
#pragma once

#include <gmmseg/gaussian_mixture.h>
#include <gmmseg/mixture_stats.h>

#include <vector>

#include "mixture/maximize.h"

namespace gmmseg {

struct EmStep {
  GaussianMixture model;       // plane units; every component at its place
  std::vector<bool> at_floor;  // per component
  std::vector<int> lost;       // components that had a weight and hold no sample any more
  // How much the expected log-likelihood of samples and components together, with the rules' prior,
  // rises per sample; the log-likelihood rises by as much at least (Dempster, Laird, Rubin 1977,
  // theorem 1), and near a maximum by no more than twice as much.
  double gain = 0;
};

// From `before`, at which `stats` of a positive weight were taken. A component that holds no sample
// gets the weight 0 and stays as it is otherwise.
EmStep StepFrom(const GaussianMixture& before, const MixtureStats& stats,
                const MaximizeRules& rules);

}  // namespace gmmseg
