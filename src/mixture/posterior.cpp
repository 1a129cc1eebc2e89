#include <gmmseg/posterior.h>
#include <oneapi/tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <numbers>

#include "base/tile_loop.h"
#include "mixture/accumulate.h"
#include "mixture/kernels.h"
#include "mixture/plane_posteriors.h"

namespace gmmseg {
namespace {

// Samples per visited tile: fewer where there are very many components, so that a thread's buffer
// stays under 16 MB.
std::int64_t VisitSize(int num_components) {
  constexpr std::int64_t kMaxValues = 1 << 22;
  return std::clamp<std::int64_t>(kMaxValues / num_components / 16 * 16, 16, kTileSize);
}

struct Worker {
  Worker(int num_components, std::int64_t size, std::int64_t stride)
      : posteriors(num_components * stride), log_densities(size) {}
  AlignedBuffer<float> posteriors, log_densities;
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

}  // namespace

void VisitPlanePosteriors(const Samples& samples, const GaussianMixture& plane_model,
                          float log_shift, const std::function<void(const PosteriorTile&)>& visit) {
  const std::vector<int> present = plane_model.PresentComponents();
  const KernelModel kernel_model(Reordered(plane_model, present));
  const Kernels& kernels = ActiveKernels();
  const int num_components = plane_model.num_components();
  const std::int64_t size = VisitSize(num_components);
  const std::int64_t stride = size + 16;  // as for rows in kernels.h
  tbb::enumerable_thread_specific<Worker> workers(num_components, size, stride);
  ForEachTile(samples.size(), [&](std::int64_t, std::int64_t tile_first, std::int64_t tile_count) {
    Worker& worker = workers.local();
    float* log_densities = worker.log_densities.data();
    for (std::int64_t first = tile_first; first < tile_first + tile_count; first += size) {
      const std::int64_t count = std::min(size, tile_first + tile_count - first);
      kernels.evaluate(
          kernel_model,
          {samples.Plane(0) + first, samples.stride(), samples.weights() + first, count},
          worker.posteriors.data(), stride, log_densities);
      SpreadRows(present, num_components, stride, worker.posteriors.data());
      for (std::int64_t i = 0; i < count; ++i)
        log_densities[i] = log_densities[i] * std::numbers::ln2_v<float> + log_shift;
      visit({first, count, worker.posteriors.data(), stride, log_densities});
    }
  });
}

void VisitPosteriors(const Samples& samples, const GaussianMixture& model,
                     const std::function<void(const PosteriorTile&)>& visit) {
  const GaussianMixture plane_model = ToPlaneUnits(model, samples);  // refuses other features
  const auto log_shift = static_cast<float>(-LogScale(model, samples.standardization()));
  VisitPlanePosteriors(samples, plane_model, log_shift, visit);
}

}  // namespace gmmseg
