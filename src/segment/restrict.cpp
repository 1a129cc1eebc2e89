#include "segment/restrict.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "segment/fitted_classes.h"

namespace gmmseg {

void RestrictTo(const Window& window, Segmentation& segmentation) {
  Samples& samples = segmentation.planes.samples;
  std::vector<float> weights(samples.size());
  std::vector<std::int64_t> pixels(segmentation.classes.size());
  segmentation.num_valid = 0;
  for (std::int64_t y = window.y; y < window.y + window.height; ++y)
    for (std::int64_t x = window.x; x < window.x + window.width; ++x) {
      const std::int64_t i = y * segmentation.width + x;
      if (segmentation.labels[i] == 0) continue;
      ++weights[segmentation.planes.SampleOf(i)];
      ++pixels[segmentation.labels[i] - 1];
      ++segmentation.num_valid;
    }
  std::ranges::copy(weights, samples.weights());
  double sum = 0;
  for (std::int64_t i = 0; i < samples.size(); ++i)
    sum += weights[i] * segmentation.sample_log_density[i];
  segmentation.planes.num_valid = segmentation.num_valid;
  segmentation.log_likelihood =
      segmentation.num_valid > 0 ? sum / static_cast<double>(segmentation.num_valid) : 0;
  segmentation.classes = WithShares(std::move(segmentation.classes), pixels);
}

}  // namespace gmmseg
