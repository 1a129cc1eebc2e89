#include <gmmseg/errors.h>
#include <gmmseg/instability.h>

#include <cstdint>
#include <string>

#include "segment/agreement.h"

namespace gmmseg {
namespace {

// Whether there is a start to take, and none to look for.
bool IsGiven(const FitOptions& options) {
  return options.start ||
         (options.known && options.known->num_components() == options.num_components);
}

}  // namespace

bool CanMeasureInstability(const FitOptions& options) {
  return !IsGiven(options) && options.restarts >= kLeastComparedRestarts;
}

void CheckInstability(const FitOptions& options) {
  if (IsGiven(options))
    throw ParameterError(
        "instability compares restarts, and a fit from a start model has none; leave the start "
        "model away, or do not ask for instability");
  if (!CanMeasureInstability(options))
    throw ParameterError("restarts = " + std::to_string(options.restarts) +
                         "; instability compares the better half of them: ask for at least " +
                         std::to_string(kLeastComparedRestarts) +
                         ", or do not ask for instability");
}

Instability MeasureInstability(const Segmentation& segmentation) {
  const FeaturePlanes& planes = segmentation.planes;
  const Samples& samples = planes.samples;
  const GaussianMixture& mixture = segmentation.model.mixture();
  const std::vector<GaussianMixture>& restarts = segmentation.model.fit.restart_models;
  Instability instability;
  instability.of_samples.resize(samples.size());
  if (restarts.empty()) return instability;
  instability.totals.num_restarts = static_cast<int>(restarts.size());
  const auto share = 1 / static_cast<float>(restarts.size());
  const ComponentMerge& merge = segmentation.model.merge;
  const auto differ = [&merge](int component, int of_result) {
    return component < 0 || merge.ClassOf(component) != merge.ClassOf(of_result);
  };
  // Components, from 0, as in all that is compared.
  const std::vector<std::uint16_t> result = MostProbableClasses(samples, mixture, {});
  for (const GaussianMixture& restart : restarts) {
    const std::vector<std::uint16_t> other = MostProbableClasses(samples, restart, {});
    const std::vector<int> aligned =
        Partners(planes, other, restart.num_components(), result, mixture.num_components());
    for (std::int64_t i = 0; i < samples.size(); ++i)
      if (samples.weights()[i] > 0 && differ(aligned[other[i]], result[i]))
        instability.of_samples[i] += share;
  }
  double sum = 0;
  for (std::int64_t i = 0; i < samples.size(); ++i)
    sum += PixelsWithData(planes, i) * instability.of_samples[i];
  instability.totals.mean = sum / static_cast<double>(segmentation.num_valid);
  return instability;
}

}  // namespace gmmseg
