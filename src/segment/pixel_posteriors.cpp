#include "segment/pixel_posteriors.h"

#include <algorithm>
#include <mutex>
#include <vector>

#include "base/tile_loop.h"
#include "base/wide_clones.h"
#include "segment/fitted_classes.h"

namespace gmmseg {
namespace {

// Pixels with data have a class whose posterior is more than 0.
GMMSEG_WIDE_CLONES
void TakeLarger(const float* posteriors, std::int32_t label, std::int64_t count,
                float* __restrict largest, std::int32_t* __restrict labels) {
  for (std::int64_t i = 0; i < count; ++i) {
    const bool larger = posteriors[i] > largest[i];
    labels[i] = larger ? label : labels[i];
    largest[i] = larger ? posteriors[i] : largest[i];
  }
}

}  // namespace

void PosteriorPlanes::Evaluate(std::int64_t first, std::int64_t count, float* values,
                               std::int64_t stride) const {
  const auto size = static_cast<std::int64_t>(planes_.size()) / num_classes_;
  for (int k = 0; k < num_classes_; ++k)
    std::copy_n(planes_.data() + k * size + first, count, values + k * stride);
}

void TakeMostProbable(Segmentation& segmentation) {
  const auto num_classes = static_cast<int>(segmentation.classes.size());
  segmentation.VisitPlaces([&](const PosteriorTile& tile) {
    float largest[kTileSize] = {};
    std::int32_t labels[kTileSize] = {};
    for (int k = 0; k < num_classes; ++k)
      TakeLarger(tile.posteriors + k * tile.stride, k + 1, tile.count, largest, labels);
    std::ranges::transform(labels, labels + tile.count, segmentation.labels.data() + tile.first,
                           [](std::int32_t label) { return static_cast<std::uint16_t>(label); });
  });
}

void CountShares(Segmentation& segmentation) {
  const std::vector<std::uint16_t>& labels = segmentation.labels;
  std::vector<std::int64_t> pixels(segmentation.classes.size() + 1);
  std::mutex mutex;
  ForEachTile(segmentation.num_pixels(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
    std::vector<std::int64_t> of_tile(pixels.size());
    for (std::int64_t i = first; i < first + count;) {  // runs of a label
      const std::int64_t begin = i;
      do ++i;
      while (i < first + count && labels[i] == labels[begin]);
      of_tile[labels[begin]] += i - begin;
    }
    const std::lock_guard lock(mutex);
    for (std::size_t k = 0; k < pixels.size(); ++k) pixels[k] += of_tile[k];
  });
  pixels.erase(pixels.begin());  // without data
  segmentation.classes = WithShares(std::move(segmentation.classes), pixels);
}

}  // namespace gmmseg
