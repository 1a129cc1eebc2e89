#include "segment/region_colors.h"

#include <gmmseg/features.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/tile_loop.h"
#include "features/plain_samples.h"
#include "segment/principal_components.h"

namespace gmmseg {
namespace {

constexpr int kMostComponents = 6;
constexpr double kDeviation = 25;  // of L*, a* and b* together

bool HasLab(const Raster& raster) {
  return raster.color_model() == ColorModel::kRgb ||
         (raster.color_model() == ColorModel::kGray && raster.type() != SampleType::kFloat32);
}

// The samples' plane, or all of them projected on one row.
template <typename Value>
Plane ToPlane(const Raster& raster, const Samples& samples, const Value& value) {
  Plane plane(raster.width(), raster.height());
  ForEachTile(plane.size(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
    for (std::int64_t i = first; i < first + count; ++i)
      plane.values[i] = samples.weights()[i] > 0 ? value(i) : 0.0f;
  });
  return plane;
}

}  // namespace

PlaneStack ColorPlanesOf(const Raster& raster) {
  FeatureSpec spec;
  spec.color = HasLab(raster) ? ColorSpace::kLab : ColorSpace::kRaw;
  Samples samples = PlainSamples(raster, DescribeFeatures(raster, spec));
  PlaneStack colors;
  colors.weight = ToPlane(raster, samples, [](std::int64_t) { return 1.0f; });
  const auto add = [&](const auto& value) {
    colors.planes.push_back(ToPlane(raster, samples, value));
  };
  if (HasLab(raster)) {
    const int num_planes = raster.color_model() == ColorModel::kGray ? 1 : 3;
    for (int d = 0; d < num_planes; ++d)
      add([&, d](std::int64_t i) { return samples.Plane(d)[i]; });
    return colors;
  }
  samples.Standardize();
  const Projection projection =
      PrincipalComponents(samples, samples.num_features(), kMostComponents, kDeviation);
  for (Eigen::Index c = 0; c < projection.rows.rows(); ++c)
    add([&](std::int64_t i) {
      double sum = 0;
      for (int d = 0; d < samples.num_features(); ++d)
        sum += projection.rows(c, d) * (samples.Plane(d)[i] - projection.center[d]);
      return static_cast<float>(sum);
    });
  return colors;
}

}  // namespace gmmseg
