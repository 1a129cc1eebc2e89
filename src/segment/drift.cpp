#include <gmmseg/drift.h>

#include <cmath>

namespace gmmseg {
namespace {

double UnlikelyPixels(const Segmentation& segmentation, double threshold) {
  const Samples& samples = segmentation.planes.samples;
  double unlikely = 0, all = 0;
  for (std::int64_t i = 0; i < samples.size(); ++i) {
    if (samples.MissingPattern(i) > 0) continue;
    const double weight = samples.weights()[i];
    all += weight;
    if (segmentation.sample_log_density[i] < threshold) unlikely += weight;
  }
  return all > 0 ? unlikely / all : 0.0;
}

}  // namespace

double ShareDistance(const ClassTable& here, const ClassTable& training) {
  double sum = 0;
  for (std::size_t k = 0; k < here.size(); ++k) sum += std::abs(here[k].share - training[k].share);
  return sum / 2;
}

std::optional<Drift> MeasureDrift(const Segmentation& segmentation, const Model& model) {
  if (segmentation.num_valid == 0) return std::nullopt;
  const std::optional<double> threshold = TrainingQuantile(model, 0.01);
  if (!threshold) return std::nullopt;
  return Drift{UnlikelyPixels(segmentation, *threshold),
               ShareDistance(segmentation.classes, model.classes)};
}

}  // namespace gmmseg
