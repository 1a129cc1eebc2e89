#include "features/pixel_sample.h"

#include <algorithm>

#include "base/random.h"

namespace gmmseg {
namespace {

// The first pixel that is wanted at or after `start` in first…last-1, going round; last if there is
// none.
template <typename IsWanted>
std::int64_t NextWanted(const IsWanted& is_wanted, std::int64_t first, std::int64_t last,
                        std::int64_t start) {
  for (std::int64_t pixel = start; pixel < last; ++pixel)
    if (is_wanted(pixel)) return pixel;
  for (std::int64_t pixel = first; pixel < start; ++pixel)
    if (is_wanted(pixel)) return pixel;
  return last;
}

template <typename IsWanted>
std::vector<std::int64_t> SamplePixels(const Raster& raster, std::int64_t max_count,
                                       const IsWanted& is_wanted) {
  const std::int64_t n = raster.num_pixels(), count = std::min(n, max_count);
  std::vector<std::int64_t> pixels;
  std::int64_t first = 0;
  for (std::int64_t j = 0; j < count; ++j) {
    // Lengths n / count, the first n % count one longer.
    const std::int64_t last = first + n / count + (j < n % count);
    const std::uint64_t length = static_cast<std::uint64_t>(last - first);
    const std::int64_t start = first + static_cast<std::int64_t>(Mix(j) % length);
    const std::int64_t pixel = NextWanted(is_wanted, first, last, start);
    if (pixel != last) pixels.push_back(pixel);
    first = last;
  }
  return pixels;
}

}  // namespace

std::vector<std::int64_t> SampleValidPixels(const Raster& raster, std::int64_t max_count) {
  return SamplePixels(raster, max_count,
                      [&raster](std::int64_t pixel) { return raster.IsValid(pixel); });
}

std::vector<std::int64_t> SampleKnownPixels(const Raster& raster, int band,
                                            std::int64_t max_count) {
  return SamplePixels(raster, max_count,
                      [&raster, band](std::int64_t pixel) { return raster.HasBand(band, pixel); });
}

}  // namespace gmmseg
