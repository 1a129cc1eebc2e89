#include <gmmseg/errors.h>
#include <gmmseg/instability.h>
#include <gmmseg/posterior.h>

#include <cstdint>
#include <string>

#include "base/assignment.h"
#include "segment/most_probable.h"

namespace gmmseg {
namespace {

// Components, from 0, as all in this file.
std::vector<std::uint16_t> MostProbableComponents(const Samples& samples,
                                                  const GaussianMixture& mixture) {
  std::vector<std::uint16_t> components(samples.size());
  VisitPosteriors(samples, mixture, [&](const PosteriorTile& tile) {
    for (std::int64_t i = 0; i < tile.count; ++i)
      components[tile.first + i] =
          static_cast<std::uint16_t>(MostProbable(tile, mixture.num_components(), i));
  });
  return components;
}

double PixelsWithData(const FeaturePlanes& planes, std::int64_t sample) {
  return planes.samples.weights()[sample] > 0 ? static_cast<double>(planes.NumPixels(sample)) : 0;
}

// For each of the restart's components the result's that it stands for, or -1.
std::vector<int> Aligned(const FeaturePlanes& planes, const std::vector<std::uint16_t>& result,
                         int num_components, const std::vector<std::uint16_t>& restart,
                         int num_of_restart) {
  Eigen::MatrixXd shared = Eigen::MatrixXd::Zero(num_of_restart, num_components);  // pixels
  for (std::int64_t i = 0; i < planes.samples.size(); ++i)
    shared(restart[i], result[i]) += PixelsWithData(planes, i);
  return CheapestAssignment(-shared);
}

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
  const std::vector<std::uint16_t> result = MostProbableComponents(samples, mixture);
  for (const GaussianMixture& restart : restarts) {
    const std::vector<std::uint16_t> other = MostProbableComponents(samples, restart);
    const std::vector<int> aligned =
        Aligned(planes, result, mixture.num_components(), other, restart.num_components());
    for (std::int64_t i = 0; i < samples.size(); ++i)
      if (samples.weights()[i] > 0 && aligned[other[i]] != result[i])
        instability.of_samples[i] += share;
  }
  double sum = 0;
  for (std::int64_t i = 0; i < samples.size(); ++i)
    sum += PixelsWithData(planes, i) * instability.of_samples[i];
  instability.totals.mean = sum / static_cast<double>(segmentation.num_valid);
  return instability;
}

}  // namespace gmmseg
