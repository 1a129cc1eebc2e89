#include "render/feature_axes.h"

#include <algorithm>

namespace gmmseg {
namespace {

bool LightnessComesFirst(ColorSpace space) {
  return space == ColorSpace::kLab || space == ColorSpace::kLuv || space == ColorSpace::kYCrCb;
}

}  // namespace

FeatureAxes AxesOf(const FeatureLayout& layout) {
  const bool has_place = layout.spec.position_weight > 0;
  const int num_features = static_cast<int>(layout.info.size());
  const int num_colors = layout.NumColors();
  FeatureAxes axes;
  axes.features = {0, 1, 2};
  axes.features.resize(std::min(num_colors, 3));
  if (num_colors >= 3 && LightnessComesFirst(layout.spec.color)) axes.features = {1, 2, 0};
  if (num_colors == 1) axes.projections = {{0}};
  if (num_colors >= 2) axes.projections = {{0, 1}};
  if (num_colors >= 3) axes.projections.push_back({0, 2});
  if (has_place) {
    const int x = static_cast<int>(axes.features.size());
    axes.features.insert(axes.features.end(), {num_features - 2, num_features - 1});
    axes.projections.push_back({x, x + 1});
  }
  return axes;
}

}  // namespace gmmseg
