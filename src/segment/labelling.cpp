#include "segment/labelling.h"

#include <gmmseg/component_merge.h>

#include <algorithm>
#include <cmath>
#include <mutex>

namespace gmmseg {
namespace {

struct Verdict {
  int best = 0;       // class, from 0
  float entropy = 0;  // -Σ p ln p
};

Verdict Judge(const PosteriorTile& tile, int num_classes, std::int64_t i) {
  Verdict verdict;
  float highest = -1;
  for (int k = 0; k < num_classes; ++k) {
    const float p = tile.Posterior(k, i);
    if (p > 0) verdict.entropy -= p * std::log(p);
    if (p > highest) {
      highest = p;
      verdict.best = k;
    }
  }
  return verdict;
}

LabelTotals LabelTile(const PosteriorTile& tile, int num_classes, const FeaturePlanes& features,
                      const LabelPlanes& planes) {
  const float max_entropy = std::log(static_cast<float>(num_classes));
  double total_weight = 0, log_density = 0, entropy = 0;
  LabelTotals totals{{}, {}, {}, std::vector<std::int64_t>(num_classes)};
  for (std::int64_t i = 0; i < tile.count; ++i) {
    const std::int64_t sample = tile.first + i;
    const double weight = features.samples.weights()[sample];
    if (!(weight > 0)) continue;
    const Verdict verdict = Judge(tile, num_classes, i);
    planes.labels[sample] = static_cast<std::uint16_t>(verdict.best + 1);
    planes.uncertainty[sample] =
        num_classes > 1 ? std::clamp(verdict.entropy / max_entropy, 0.0f, 1.0f) : 0.0f;
    planes.log_density[sample] = tile.log_densities[i];
    total_weight += weight;
    log_density += weight * tile.log_densities[i];
    entropy += weight * verdict.entropy;
    totals.pixels[verdict.best] += features.NumPixels(sample);
  }
  totals.weight += total_weight;
  totals.log_density += log_density;
  totals.entropy += entropy;
  return totals;
}

double MeanOf(const ExactSum& sum, const ExactSum& weight) {
  return weight.ToDouble() > 0 ? sum.ToDouble() / weight.ToDouble() : 0.0;
}

}  // namespace

LabelTotals& LabelTotals::operator+=(const LabelTotals& other) {
  weight += other.weight;
  log_density += other.log_density;
  entropy += other.entropy;
  pixels.resize(std::max(pixels.size(), other.pixels.size()));
  for (std::size_t k = 0; k < other.pixels.size(); ++k) pixels[k] += other.pixels[k];
  return *this;
}

double LabelTotals::MeanLogDensity() const { return MeanOf(log_density, weight); }
double LabelTotals::MeanEntropy() const { return MeanOf(entropy, weight); }

LabelTotals LabelSamples(const FeaturePlanes& features, const GaussianMixture& mixture,
                         const std::vector<int>& class_of, const LabelPlanes& planes) {
  const int num_classes =
      class_of.empty() ? mixture.num_components() : std::ranges::max(class_of) + 1;
  LabelTotals totals{{}, {}, {}, std::vector<std::int64_t>(num_classes)};
  std::mutex mutex;
  VisitClassPosteriors(features.samples, mixture, class_of, [&](const PosteriorTile& tile) {
    const LabelTotals of_tile = LabelTile(tile, num_classes, features, planes);
    const std::lock_guard lock(mutex);
    totals += of_tile;
  });
  return totals;
}

double MeanComponentEntropy(const FeaturePlanes& features, const GaussianMixture& mixture) {
  std::vector<std::uint16_t> labels(features.samples.size());
  std::vector<float> uncertainty(labels.size()), log_density(labels.size());
  return LabelSamples(features, mixture, {}, {labels, uncertainty, log_density}).MeanEntropy();
}

}  // namespace gmmseg
