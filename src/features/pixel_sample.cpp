#include "features/pixel_sample.h"

#include <algorithm>

#include "base/random.h"

namespace gmmseg {
namespace {

// The first valid pixel at or after `start` in first…last-1, going round; last if there is none.
std::int64_t NextValid(const Raster& raster, std::int64_t first, std::int64_t last,
                       std::int64_t start) {
  for (std::int64_t pixel = start; pixel < last; ++pixel)
    if (raster.IsValid(pixel)) return pixel;
  for (std::int64_t pixel = first; pixel < start; ++pixel)
    if (raster.IsValid(pixel)) return pixel;
  return last;
}

}  // namespace

std::vector<std::int64_t> SampleValidPixels(const Raster& raster, std::int64_t max_count) {
  const std::int64_t n = raster.num_pixels(), count = std::min(n, max_count);
  std::vector<std::int64_t> pixels;
  std::int64_t first = 0;
  for (std::int64_t j = 0; j < count; ++j) {
    // Lengths n / count, the first n % count one longer.
    const std::int64_t last = first + n / count + (j < n % count);
    const std::uint64_t length = static_cast<std::uint64_t>(last - first);
    const std::int64_t start = first + static_cast<std::int64_t>(Mix(j) % length);
    const std::int64_t pixel = NextValid(raster, first, last, start);
    if (pixel != last) pixels.push_back(pixel);
    first = last;
  }
  return pixels;
}

}  // namespace gmmseg
