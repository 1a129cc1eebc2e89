// A spread of pixels as points of the feature space.
#pragma once

#include <gmmseg/segment.h>

#include <vector>

#include "render/painters.h"

namespace gmmseg {

struct FeatureCloud {
  std::vector<Eigen::VectorXd> values;  // D each, the user's units
  std::vector<Rgb> colors;              // the pixels' own; empty where they are not known
};

// At most `most_points` pixels with data in every band, spread over the image.
FeatureCloud CloudOf(const Raster& raster, const DisplayPainter& painter,
                     const FeaturePlanes& planes, int most_points);

// The same of samples that come from many images, none that lacks values: one is drawn as often as
// its weight tells. Without colours.
FeatureCloud CloudOf(const Samples& samples, int most_points);

}  // namespace gmmseg
