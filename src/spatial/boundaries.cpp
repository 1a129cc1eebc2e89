#include "spatial/boundaries.h"

#include <cmath>
#include <vector>

#include "base/tile_loop.h"
#include "raster/gaussian_filter.h"

namespace gmmseg {
namespace {

// m / (m + half) of the gradient of the planes smoothed at `sigma`; 0 where there is no data.
Plane ColorContrast(const PlaneStack& colors, double sigma, float half) {
  const Plane& weight = colors.weight;
  const GaussianFilter filter(sigma, weight);
  std::vector<Plane> smooth;
  for (const Plane& color : colors.planes) smooth.push_back(filter.Apply(color));
  Plane contrast = GradientMagnitude(smooth);
  for (std::int64_t i = 0; i < contrast.size(); ++i) {
    float& m = contrast.values[i];
    m = weight.values[i] > 0 ? m / (m + half) : 0;
  }
  return contrast;
}

constexpr GradientScale kFine{1, 2, 1}, kCoarse{2, 4, 3};

Plane EnlargedGradient(const MembershipField& field, const GradientScale& scale, int factor,
                       const Plane& full) {
  return Enlarged(MembershipGradient(field, scale), factor, full.width, full.height);
}

// Smoothed where there is data.
Plane Smoothed(Plane plane, const Plane& weight) {
  for (std::int64_t i = 0; i < plane.size(); ++i) plane.values[i] *= weight.values[i] > 0;
  return GaussianFilter(1, weight).Apply(plane);
}

}  // namespace

Boundaries FindBoundaries(const PlaneStack& colors, const MembershipField& field) {
  const Plane& weight = colors.weight;
  const Plane c1 = ColorContrast(colors, 1, 4), c2 = ColorContrast(colors, 2.5, 2);
  const Plane g1 = EnlargedGradient(field, kFine, 2, weight),
              g2 = EnlargedGradient(field, kCoarse, 2, weight),
              g4 = EnlargedGradient(Halved(field), kCoarse, 4, weight);
  Boundaries found{Plane(weight.width, weight.height), Plane(weight.width, weight.height)};
  ForEachTile(weight.size(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
    for (std::int64_t i = first; i < first + count; ++i) {
      const float colour = c1.values[i] + c2.values[i], classes = g1.values[i] + g2.values[i];
      found.relief.values[i] = 0.5f * colour + classes;
      found.strength.values[i] =
          (0.4f * colour + 0.1f * classes) * std::pow(g4.values[i] + 0.01f, 0.3f);
    }
  });
  found.relief = Smoothed(std::move(found.relief), weight);
  return found;
}

}  // namespace gmmseg
