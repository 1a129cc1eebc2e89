// From posteriors to labels, uncertainty and log-density, sample by sample.
#pragma once

#include <gmmseg/exact_sum.h>
#include <gmmseg/features.h>
#include <gmmseg/gaussian_mixture.h>

#include <cstdint>
#include <span>
#include <vector>

namespace gmmseg {

// Sums over the samples; the same bits for any number of threads.
struct LabelTotals {
  ExactSum weight;  // of the samples, which counts in the sums below
  ExactSum log_density;
  ExactSum entropy;                  // -Σ p ln p, of the classes' posteriors
  std::vector<std::int64_t> pixels;  // per class: those that carry its label

  LabelTotals& operator+=(const LabelTotals& other);
  bool overflowed() const {
    return weight.overflowed() || log_density.overflowed() || entropy.overflowed();
  }
  // By weight; 0 where there is none.
  double MeanLogDensity() const;
  double MeanEntropy() const;
};

// Where the labels go: one entry per sample, 0 where there is no data.
struct LabelPlanes {
  std::span<std::uint16_t> labels;  // 1…M, the most probable class; the first of equals
  std::span<float> uncertainty;     // normalised entropy, 0…1
  std::span<float> log_density;
};

// Of classes, to which the components belong as in ComponentMerge::class_of.
LabelTotals LabelSamples(const FeaturePlanes& features, const GaussianMixture& mixture,
                         const std::vector<int>& class_of, const LabelPlanes& planes);

// Of the components' posteriors: the mean of -Σ p ln p by weight, as LabelTotals has it of classes.
double MeanComponentEntropy(const FeaturePlanes& features, const GaussianMixture& mixture);

}  // namespace gmmseg
