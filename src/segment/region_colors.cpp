#include "segment/region_colors.h"

#include <gmmseg/features.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

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

// 16 bits often hold 10 to 14, and what is white then stands nowhere: it is what 999 of 1,000
// values do not exceed. 8 bits are taken at their word.
double WhiteOf(const Raster& raster) {
  if (raster.type() != SampleType::kUint16) return raster.white();
  std::vector<std::int64_t> counts(65536);
  std::int64_t left = 0;
  for (int b = 0; b < raster.num_bands(); ++b)
    for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
      if (!raster.IsValid(i)) continue;
      ++counts[raster.Band<std::uint16_t>(b)[i]];
      ++left;
    }
  left /= 1000;
  int white = 65535;
  while (white > 1 && (left -= counts[white]) >= 0) --white;
  return std::min<double>(white, raster.white());
}

// The planes times these rows, about this centre.
struct Projection {
  Eigen::MatrixXd rows;
  Eigen::VectorXd center;
};

Projection ProjectionOf(const Samples& samples) {
  using PlaneMap = Eigen::Map<const Eigen::VectorXf, 0, Eigen::InnerStride<>>;
  const int num_bands = samples.num_features();
  // Of many pixels every so many-th tells as much.
  constexpr std::int64_t kMostPixels = std::int64_t{1} << 18;
  std::int64_t step = (samples.size() + kMostPixels - 1) / kMostPixels;
  const auto picked = [&](const float* values) {
    return PlaneMap(values, (samples.size() + step - 1) / step, Eigen::InnerStride<>(step))
        .cast<double>();
  };
  if (!(picked(samples.weights()).sum() > 0)) step = 1;  // those with data lie between
  const double total = picked(samples.weights()).sum();
  Projection projection{{}, Eigen::VectorXd::Zero(num_bands)};
  Eigen::MatrixXd covariance(num_bands, num_bands);
  const auto plane = [&](int d) { return picked(samples.Plane(d)); };
  for (int d = 0; d < num_bands; ++d) projection.center[d] = plane(d).sum() / total;
  for (int d = 0; d < num_bands; ++d)
    for (int e = 0; e <= d; ++e)
      covariance(d, e) = covariance(e, d) =
          plane(d).dot(plane(e)) / total - projection.center[d] * projection.center[e];
  projection.rows = PrincipalComponents(covariance, kMostComponents, kDeviation);
  return projection;
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
  Samples samples = PlainSamples(raster, DescribeFeatures(raster, spec), WhiteOf(raster));
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
  const Projection projection = ProjectionOf(samples);
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
