#include "mixture/accumulate.h"

#include <gmmseg/errors.h>
#include <oneapi/tbb/combinable.h>
#include <oneapi/tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>
#include <string>
#include <tuple>

#include "base/share.h"
#include "base/tile_loop.h"
#include "mixture/plane_posteriors.h"

namespace gmmseg {
namespace {

// What one thread gathers from the tiles that fall to it.
struct Worker {
  Worker(const GaussianMixture& model, const KernelModel& kernel_model)
      : sums(kernel_model), stats(model) {}
  TileSums sums;
  MixtureStats stats;
};

void AddSums(const KernelModel& model, Worker& worker) {
  const TileSums& sums = worker.sums;
  worker.stats.AddTotals(sums.n, sums.log2_likelihood * std::numbers::ln2);
  for (int k = 0; k < model.num_components; ++k)
    worker.stats.AddComponent(k, sums.s0[k], sums.s1.data() + k * model.num_features,
                              sums.s2.data() + static_cast<std::size_t>(k) * model.packed_size);
}

std::vector<float> Features(const Samples& samples, std::int64_t i) {
  std::vector<float> features(samples.num_features());
  for (int d = 0; d < samples.num_features(); ++d) features[d] = samples.Plane(d)[i];
  return features;
}

}  // namespace

void WorstSample::Merge(const WorstSample& other) {
  const auto key = [](const WorstSample& s) { return std::tie(s.log_density, s.features); };
  if (!other.features.empty() && (features.empty() || key(other) < key(*this))) *this = other;
}

void SumOver(Ranks& ranks, MixtureStats& stats) {
  std::vector<ExactSum> sums = stats.Sums();
  std::vector<std::int64_t> parts;
  for (const ExactSum& sum : sums) std::ranges::copy(sum.ToParts(), std::back_inserter(parts));
  ranks.Sum(parts);
  auto next = parts.begin();
  for (ExactSum& sum : sums) {
    ExactSum::Parts totals;
    for (std::int64_t& total : totals) total = *next++;
    sum = ExactSum::FromParts(totals);
  }
  stats = MixtureStats::FromSums(stats.centers(), stats.packed_blocks(), sums);
}

SampleSource::SampleSource(const Samples& samples, Membership membership, Ranks* ranks)
    : samples_(samples),
      membership_(membership),
      ranks_(ranks),
      ones_(samples.size() < kTileSize ? 0 : kTileSize),
      all_one_(NumTiles(samples.size())) {
  std::ranges::fill(ones_, 1.0f);
  ForEachTile(samples.size(), [&](std::int64_t tile, std::int64_t first, std::int64_t count) {
    const float* weights = samples.weights() + first;
    all_one_[tile] = count == kTileSize && std::equal(weights, weights + count, ones_.data());
  });
}

MixtureStats SampleSource::Accumulate(const GaussianMixture& model) {
  const Kernels& kernels = ActiveKernels();
  const KernelModel kernel_model(model, membership_);
  const auto add_tile = [&](std::int64_t tile, std::int64_t first, std::int64_t count,
                            Worker& worker) {
    worker.sums.Clear();
    const float* weights = all_one_[tile] ? ones_.data() : samples_.weights() + first;
    kernels.accumulate(kernel_model, {samples_.Plane(0) + first, samples_.stride(), weights, count},
                       worker.sums);
    AddSums(kernel_model, worker);
  };
  // One tile, as the levels of a grey image are: to hand it to a thread, or to tell other ranks of
  // it, would take longer than the pass.
  if (NumTiles(samples_.size()) <= 1) {
    Worker worker(model, kernel_model);
    add_tile(0, 0, samples_.size(), worker);
    return std::move(worker.stats);
  }
  tbb::enumerable_thread_specific<Worker> workers(model, kernel_model);
  const Share share = ShareOf(NumTiles(samples_.size()), ranks_);
  ForEachTile(samples_.size(), share.first, share.behind,
              [&](std::int64_t tile, std::int64_t first, std::int64_t count) {
                add_tile(tile, first, count, workers.local());
              });
  MixtureStats total(model);
  for (const Worker& worker : workers) total += worker.stats;
  if (ranks_ != nullptr) SumOver(*ranks_, total);
  return total;
}

WorstSample SampleSource::FindWorst(const GaussianMixture& model) {
  return FindWorstSample(samples_, model, membership_);
}

WorstSample FindWorstSample(const Samples& samples, const GaussianMixture& model,
                            Membership membership) {
  tbb::combinable<WorstSample> worst;
  VisitPlanePosteriors(samples, model, membership, 0, [&](const PosteriorTile& tile) {
    WorstSample& found = worst.local();
    for (std::int64_t i = 0; i < tile.count; ++i) {
      const std::int64_t sample = tile.first + i;
      const bool whole = samples.weights()[sample] > 0 && samples.MissingPattern(sample) == 0;
      if (whole && (found.features.empty() || tile.log_densities[i] <= found.log_density))
        found.Merge({tile.log_densities[i], Features(samples, sample)});
    }
  });
  WorstSample lowest;
  worst.combine_each([&](const WorstSample& found) { lowest.Merge(found); });
  return lowest;
}

GaussianMixture ToPlaneUnits(const GaussianMixture& model, const Samples& samples) {
  Validate(model);
  GaussianMixture plane = ToStandardized(model, samples.standardization());
  // Beyond these, float products overflow: a thousand million million standard deviations from the
  // data, or as many times narrower than they are. Wider ones lose nothing, as long as they are
  // numbers: one variance for features of very different units is wide in the smaller ones.
  constexpr double kFarthest = 1e15, kNarrowest = 1e-30, kWidest = 1e250;
  for (const int k : plane.PresentComponents()) {
    const std::string component = "component " + std::to_string(k + 1);
    if (!(plane.means.row(k).cwiseAbs().maxCoeff() <= kFarthest))
      throw ParameterError(
          "the mean of " + component +
          " is more than 1e15 standard deviations from the data; give a model of such data");
    const Eigen::VectorXd variances = plane.covariances[k].diagonal();
    if (!(variances.minCoeff() >= kNarrowest && variances.maxCoeff() <= kWidest))
      throw ParameterError("a variance of " + component +
                           " is more than 1e30 times smaller or 1e250 times larger than that of "
                           "the data; give a model of such data");
  }
  return plane;
}

double LogScale(const GaussianMixture& model, const Standardization& standardization) {
  double sum = 0;
  for (const FeatureBlock& block : model.blocks)
    sum +=
        block.temper * standardization.scale.segment(block.first, block.size).array().log().sum();
  return sum;
}

}  // namespace gmmseg
