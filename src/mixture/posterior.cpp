#include <gmmseg/posterior.h>
#include <oneapi/tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <map>
#include <memory>
#include <numbers>

#include "base/tile_loop.h"
#include "mixture/accumulate.h"
#include "mixture/kernels.h"
#include "mixture/missing.h"
#include "mixture/plane_posteriors.h"

namespace gmmseg {
namespace {

// As for rows in kernels.h.
constexpr std::int64_t kPadding = 16;

// Samples per visited tile: fewer where there are very many components, so that a thread's buffer
// stays under 16 MB.
std::int64_t VisitSize(int num_components) {
  constexpr std::int64_t kMaxValues = 1 << 22;
  return std::clamp<std::int64_t>(kMaxValues / num_components / 16 * 16, 16, kTileSize);
}

// What the kernels make of a run of samples.
struct Rows {
  Rows(int num_components, std::int64_t size, std::int64_t row_stride)
      : stride(row_stride), posteriors(num_components * stride), log2_densities(size + kPadding) {}

  std::int64_t stride;
  AlignedBuffer<float> posteriors, log2_densities;
};

// Evaluates a mixture at runs of samples, whether they lack values or not.
class Evaluator {
 public:
  Evaluator(const Samples& samples, const GaussianMixture& mixture, Membership membership)
      : samples_(samples), mixture_(mixture), kernel_model_(mixture, membership) {}

  void Evaluate(std::int64_t first, std::int64_t count, Rows& rows) const {
    if (samples_.has_missing())
      EvaluateByPattern(first, count, rows);
    else
      Run(kernel_model_,
          {samples_.Plane(0) + first, samples_.stride(), samples_.weights() + first, count}, rows);
  }

 private:
  static void Run(const KernelModel& model, const TileView& tile, Rows& rows) {
    ActiveKernels().evaluate(model, tile, rows.posteriors.data(), rows.stride,
                             rows.log2_densities.data());
  }

  void EvaluateByPattern(std::int64_t first, std::int64_t count, Rows& rows) const {
    std::map<std::size_t, std::vector<std::int64_t>> places;  // by pattern
    for (std::int64_t i = first; i < first + count; ++i)
      places[samples_.MissingPattern(i)].push_back(i);
    Rows of_pattern(mixture_.num_components(), count, rows.stride);
    for (const auto& [pattern, of_samples] : places) {
      const std::vector<int>& features = samples_.missing_patterns()[pattern];
      const Samples known = TakeFeatures(samples_, of_samples, features);
      Run(KernelModel(Marginal(mixture_, features), kernel_model_.membership),
          {known.Plane(0), known.stride(), known.weights(), known.size()}, of_pattern);
      const auto shift = static_cast<float>(
          LogScaleOfMissing(mixture_, features, samples_.standardization()) * std::numbers::log2e);
      for (std::size_t j = 0; j < of_samples.size(); ++j) {
        const std::int64_t i = of_samples[j] - first;
        rows.log2_densities[i] = of_pattern.log2_densities[j] + shift;
        for (int k = 0; k < mixture_.num_components(); ++k)
          rows.posteriors[k * rows.stride + i] = of_pattern.posteriors[k * rows.stride + j];
      }
    }
  }

  const Samples& samples_;
  const GaussianMixture& mixture_;
  KernelModel kernel_model_;
};

// Rows of posteriors, evaluated for the present components alone, each to its own place; those of
// absent components are 0.
void SpreadRows(const std::vector<int>& present, int num_components, std::int64_t stride,
                float* rows) {
  auto next = present.rbegin();
  for (int k = num_components - 1; k >= 0; --k) {
    if (next == present.rend() || *next != k) {
      std::fill_n(rows + k * stride, stride, 0.0f);
      continue;
    }
    const std::int64_t place = std::distance(next, present.rend()) - 1;
    if (place == k) return;  // nobody below is absent
    std::copy_n(rows + place * stride, stride, rows + k * stride);
    ++next;
  }
}

void VisitAll(const Samples& samples, const PosteriorRuns& runs, const PosteriorVisitor& visit) {
  ForEachTile(samples.size(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
    runs(first, count, visit);
  });
}

}  // namespace

PosteriorRuns PlanePosteriorRuns(const Samples& samples, const GaussianMixture& plane_model,
                                 Membership membership, float log_shift) {
  struct Shared {
    Shared(const Samples& points, const GaussianMixture& model, Membership kind)
        : num_components(model.num_components()),
          size(VisitSize(num_components)),
          present(model.PresentComponents()),
          mixture(Reordered(model, present)),
          evaluator(points, mixture, kind),
          workers(num_components, size, size + kPadding) {}
    int num_components;
    std::int64_t size;
    std::vector<int> present;
    GaussianMixture mixture;
    Evaluator evaluator;
    tbb::enumerable_thread_specific<Rows> workers;
  };
  const auto shared = std::make_shared<Shared>(samples, plane_model, membership);
  return [shared, log_shift](std::int64_t run_first, std::int64_t run_count, const auto& visit) {
    Rows& rows = shared->workers.local();
    float* const log_densities = rows.log2_densities.data();
    for (std::int64_t first = run_first; first < run_first + run_count;) {
      const std::int64_t before = first % kPadding;  // the kernels start at whole vectors
      const std::int64_t count = std::min(shared->size - before, run_first + run_count - first);
      shared->evaluator.Evaluate(first - before, before + count, rows);
      SpreadRows(shared->present, shared->num_components, rows.stride, rows.posteriors.data());
      for (std::int64_t i = before; i < before + count; ++i)
        log_densities[i] = log_densities[i] * std::numbers::ln2_v<float> + log_shift;
      visit({first, count, rows.posteriors.data() + before, rows.stride, log_densities + before});
      first += count;
    }
  };
}

void VisitPlanePosteriors(const Samples& samples, const GaussianMixture& plane_model,
                          Membership membership, float log_shift, const PosteriorVisitor& visit) {
  VisitAll(samples, PlanePosteriorRuns(samples, plane_model, membership, log_shift), visit);
}

PosteriorRuns RunsOfPosteriors(const Samples& samples, const GaussianMixture& model) {
  const GaussianMixture plane_model = ToPlaneUnits(model, samples);  // refuses other features
  const auto log_shift = static_cast<float>(-LogScale(model, samples.standardization()));
  return PlanePosteriorRuns(samples, plane_model, Membership::kSoft, log_shift);
}

void VisitPosteriors(const Samples& samples, const GaussianMixture& model,
                     const PosteriorVisitor& visit) {
  VisitAll(samples, RunsOfPosteriors(samples, model), visit);
}

}  // namespace gmmseg
