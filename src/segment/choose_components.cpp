#include "segment/choose_components.h"

#include <numeric>
#include <utility>

#include "segment/labelling.h"

namespace gmmseg {
namespace {

// Of all pixels that the samples stand for, also those that a sample of them left out.
double TotalWeight(const FeaturePlanes& planes) {
  const auto num_valid = static_cast<double>(planes.num_valid);
  if (planes.num_pixels.empty()) return num_valid;
  const float* const weights = planes.samples.weights();
  const double weight = std::accumulate(weights, weights + planes.samples.size(), 0.0);
  const double pixels = std::reduce(planes.num_pixels.begin(), planes.num_pixels.end(), 0.0);
  return planes.samples.weight_unit() * weight / pixels * num_valid;
}

}  // namespace

ChosenFit ChooseComponents(const FeaturePlanes& planes, FitOptions options,
                           const ComponentRange& range, double num_effective) {
  ChosenFit chosen;
  const double total = TotalWeight(planes);
  for (int k = range.least; k <= range.most; ++k) {
    options.num_components = k;
    FitResult fit = FitMixture(planes.samples, options);
    chosen.candidates.push_back(AssessCandidate(fit.model, k, fit.log_likelihood,
                                                MeanComponentEntropy(planes, fit.model), total,
                                                num_effective));
    const bool is_last = fit.num_distinct <= k;
    if (BestCandidate(chosen.candidates) + 1 == chosen.candidates.size())
      chosen.fit = std::move(fit);
    if (is_last) break;
  }
  return chosen;
}

}  // namespace gmmseg
