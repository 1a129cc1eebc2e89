#include "raster/local_deviation.h"

#include <algorithm>
#include <cmath>

#include "base/tile_loop.h"
#include "raster/gaussian_filter.h"

namespace gmmseg {
namespace {

// The mean of all values, so that squares of values about it lose little.
float MeanOf(const Plane& values, const Plane& weights) {
  double sum = 0, count = 0;
  for (std::int64_t i = 0; i < values.size(); ++i) {
    sum += values.values[i];
    count += weights.values[i];
  }
  return static_cast<float>(sum / std::max(count, 1.0));
}

}  // namespace

Plane LogLocalDeviation(const Plane& values, const Plane& weights, double sigma) {
  const float center = MeanOf(values, weights);
  Plane centred(values.width, values.height), squares(values.width, values.height);
  ForEachTile(values.size(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
    for (std::int64_t i = first; i < first + count; ++i) {
      centred.values[i] = (values.values[i] - center) * weights.values[i];
      squares.values[i] = centred.values[i] * centred.values[i];
    }
  });
  const GaussianFilter filter(sigma, weights);
  const Plane mean = filter.Apply(centred);
  Plane deviation = filter.Apply(squares);
  ForEachTile(values.size(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
    for (std::int64_t i = first; i < first + count; ++i) {
      const float variance = deviation.values[i] - mean.values[i] * mean.values[i];
      deviation.values[i] =
          weights.values[i] > 0 ? std::log(2 + std::sqrt(std::max(variance, 0.0f))) : 0;
    }
  });
  return deviation;
}

}  // namespace gmmseg
