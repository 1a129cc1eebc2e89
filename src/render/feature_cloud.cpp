#include "render/feature_cloud.h"

#include "features/pixel_sample.h"

namespace gmmseg {

FeatureCloud CloudOf(const Raster& raster, const DisplayPainter& painter,
                     const FeaturePlanes& planes, int most_points) {
  FeatureCloud cloud;
  for (const std::int64_t pixel : SampleValidPixels(raster, most_points)) {
    const std::int64_t sample = planes.SampleOf(pixel);
    if (!(planes.samples.weights()[sample] > 0)) continue;
    cloud.values.push_back(planes.samples.Value(sample));
    painter.Paint(pixel, 1, &cloud.colors.emplace_back());
  }
  return cloud;
}

FeatureCloud CloudOf(const Samples& samples, int most_points) {
  const auto weight = [&samples](std::int64_t i) -> double {
    return samples.MissingPattern(i) == 0 ? samples.weights()[i] : 0;
  };
  double total = 0;
  for (std::int64_t i = 0; i < samples.size(); ++i) total += weight(i);
  FeatureCloud cloud;
  double passed = 0;
  for (std::int64_t i = 0; i < samples.size(); ++i) {
    passed += weight(i);
    while (std::ssize(cloud.values) < most_points &&
           (static_cast<double>(cloud.values.size()) + 0.5) * total < passed * most_points)
      cloud.values.push_back(samples.Value(i));
  }
  return cloud;
}

}  // namespace gmmseg
