// Instability: how much of a labelling depends on where its fit started.
#pragma once

#include <gmmseg/segment.h>

#include <vector>

namespace gmmseg {

struct InstabilityTotals {
  double mean = 0;       // over the pixels with data, 0…1
  int num_restarts = 0;  // compared; 0 where no start had to be looked for
};

struct Instability {
  InstabilityTotals totals;
  // Of samples: the share of the restarts that give it another class than the result does, 0…1; 0
  // where no data.
  std::vector<float> of_samples;
};

// The better half of fewer restarts is one, and nothing to compare.
inline constexpr int kLeastComparedRestarts = 3;

// Whether a fit with these options can be compared with others: it has restarts enough, and no
// start model.
bool CanMeasureInstability(const FitOptions& options);
// Throws ParameterError where it cannot.
void CheckInstability(const FitOptions& options);

// Holds the labels against those of each of model.fit.restart_models, whose components take
// the numbers, and the classes, of the result's that they share most pixels with, one each, so that
// as many pixels as can agree do. The restarts ended on a subsample: a few pixels on the borders
// between classes differ for that reason alone. Where no restarts were kept nothing differs. The
// same for any number of threads. Cost: for each restart one pass of posteriors and O(K³), in all 8
// bytes of memory per sample. Reference: labels aligned by the assignment problem, Kuhn 1955;
// disagreement of a clustering with its perturbations, Lange, Roth, Braun and Buhmann 2004.
Instability MeasureInstability(const Segmentation& segmentation);

}  // namespace gmmseg
