// Which features a picture of the feature space shows.
#pragma once

#include <gmmseg/features.h>

#include <array>
#include <vector>

namespace gmmseg {

struct FeatureAxes {
  std::vector<int> features;                  // the axes: at most five, places in the layout
  std::vector<std::vector<int>> projections;  // the axes of each picture, x first: one or two
};

// The chroma plane and lightness over it where the colour space has them, else the first three
// features; the place, where that counts, is a picture of its own. A single feature is an axis
// alone.
FeatureAxes AxesOf(const FeatureLayout& layout);

}  // namespace gmmseg
