#include "raster/plane.h"

#include <oneapi/tbb/parallel_for.h>

#include <algorithm>

namespace gmmseg {
namespace {

Plane BlockSums(const Plane& plane, int factor) {
  Plane sums((plane.width + factor - 1) / factor, (plane.height + factor - 1) / factor);
  tbb::parallel_for(std::int64_t{0}, sums.height, [&](std::int64_t row) {
    const std::int64_t end = std::min((row + 1) * factor, plane.height);
    for (std::int64_t y = row * factor; y < end; ++y) {
      const float* const values = plane.Row(y);
      float* const sum = sums.Row(row);
      const std::int64_t whole = plane.width / factor;
      for (std::int64_t column = 0; column < whole; ++column)
        for (int i = 0; i < factor; ++i) sum[column] += values[column * factor + i];
      for (std::int64_t x = whole * factor; x < plane.width; ++x) sum[whole] += values[x];
    }
  });
  return sums;
}

}  // namespace

PlaneStack Reduced(const PlaneStack& stack, int factor) {
  PlaneStack reduced{{}, BlockSums(stack.weight, factor)};
  Plane& weight = reduced.weight;
  for (const Plane& plane : stack.planes) {
    reduced.planes.push_back(BlockSums(plane, factor));
    float* const values = reduced.planes.back().values.data();
    for (std::int64_t i = 0; i < weight.size(); ++i) values[i] /= std::max(weight.values[i], 1.0f);
  }
  for (float& w : weight.values) w = std::min(w, 1.0f);
  return reduced;
}

}  // namespace gmmseg
