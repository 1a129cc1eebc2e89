#include "segment/choose_components.h"

#include <utility>

#include "segment/labelling.h"

namespace gmmseg {
namespace {

// Of the posteriors; what else labelling tells is told again of the chosen one.
double EntropyOf(const GaussianMixture& mixture, const Samples& samples) {
  std::vector<std::uint16_t> labels(samples.size());
  std::vector<float> uncertainty(samples.size()), log_density(samples.size());
  return MeanEntropy(LabelSamples(samples, mixture, {labels, uncertainty, log_density}));
}

}  // namespace

ChosenFit ChooseComponents(const FeaturePlanes& planes, FitOptions options,
                           const ComponentRange& range, double num_effective) {
  ChosenFit chosen;
  const auto num_pixels = static_cast<double>(planes.num_valid);
  for (int k = range.least; k <= range.most; ++k) {
    options.num_components = k;
    FitResult fit = FitMixture(planes.samples, options);
    chosen.candidates.push_back(AssessCandidate(fit.model, k, fit.log_likelihood,
                                                EntropyOf(fit.model, planes.samples), num_pixels,
                                                num_effective));
    const bool is_last = fit.num_distinct <= k;
    if (BestCandidate(chosen.candidates) + 1 == chosen.candidates.size())
      chosen.fit = std::move(fit);
    if (is_last) break;
  }
  return chosen;
}

}  // namespace gmmseg
