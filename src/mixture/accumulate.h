// How EM looks at samples: through one call, whatever holds them.
#pragma once

#include <gmmseg/aligned_buffer.h>
#include <gmmseg/mixture_stats.h>
#include <gmmseg/ranks.h>
#include <gmmseg/samples.h>

#include <vector>

#include "mixture/kernels.h"

namespace gmmseg {

// The sums of all ranks.
void SumOver(Ranks& ranks, MixtureStats& stats);

// The sample that a model finds least likely, of those that lack no value; ties go to the smaller
// features. Mergeable: a minimum.
struct WorstSample {
  float log_density = 0;        // natural logarithm, plane units
  std::vector<float> features;  // D; empty if there is no sample
  void Merge(const WorstSample& other);
};

// Everything that EM can be run on. A palette, the tiles of a file or the ranks of a job are other
// sources.
class StatsSource {
 public:
  virtual ~StatsSource() = default;
  // E-step and the sums of the M-step, fused, one pass. `model` is in the source's plane units. The
  // sums may have overflowed where the model lies absurdly far away.
  virtual MixtureStats Accumulate(const GaussianMixture& model) = 0;
  // One pass more, for the rare case that a component lost its samples.
  virtual WorstSample FindWorst(const GaussianMixture& model) = 0;
};

WorstSample FindWorstSample(const Samples& samples, const GaussianMixture& model,
                            Membership membership = Membership::kSoft);

// Feature planes in memory, no value missing. Keeps a reference; the weights do not change while it
// lives. With hard memberships the log-likelihood is that of each sample under its own component.
// Ranks that hold the same samples share the tiles, and the sums are of all of them.
class SampleSource : public StatsSource {
 public:
  explicit SampleSource(const Samples& samples, Membership membership = Membership::kSoft,
                        Ranks* ranks = nullptr);
  MixtureStats Accumulate(const GaussianMixture& model) override;
  WorstSample FindWorst(const GaussianMixture& model) override;

 private:
  const Samples& samples_;
  Membership membership_;
  Ranks* ranks_;
  // Tiles whose weights are all 1, as most are, share one: what is not read from memory costs no
  // time, and weights would be a quarter of what a pass over three features reads.
  AlignedBuffer<float> ones_;
  std::vector<char> all_one_;  // by tile
};

// The user's model in plane units, checked: it fits the samples, and its numbers stay within what
// float can hold there. Throws ParameterError.
GaussianMixture ToPlaneUnits(const GaussianMixture& model, const Samples& samples);

// What a log-density in plane units exceeds the one in the user's units by: Σ_b W_b Σ_{d in b} ln
// scale_d.
double LogScale(const GaussianMixture& model, const Standardization& standardization);

}  // namespace gmmseg
