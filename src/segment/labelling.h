// From posteriors to labels, uncertainty and log-density, sample by sample.
#pragma once

#include <gmmseg/exact_sum.h>
#include <gmmseg/gaussian_mixture.h>
#include <gmmseg/samples.h>

#include <cstdint>
#include <span>
#include <vector>

namespace gmmseg {

// Sums over the samples, each counted by its weight, which is its number of pixels; the same bits
// for any number of threads.
struct LabelTotals {
  ExactSum log_density;
  ExactSum entropy;                  // -Σ p ln p
  std::vector<std::int64_t> pixels;  // per class: those that carry its label

  LabelTotals& operator+=(const LabelTotals& other);
};

// Of the posteriors, per labelled pixel; there must be one.
double MeanEntropy(const LabelTotals& totals);

// Where the labels go: one entry per sample, 0 where there is no data.
struct LabelPlanes {
  std::span<std::uint16_t> labels;  // 1…K, the most probable class; the first of equals
  std::span<float> uncertainty;     // normalised entropy, 0…1
  std::span<float> log_density;
};

LabelTotals LabelSamples(const Samples& samples, const GaussianMixture& mixture,
                         const LabelPlanes& planes);

}  // namespace gmmseg
