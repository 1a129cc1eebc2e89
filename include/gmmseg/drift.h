// Drift: how far an image lies from what a model was trained on.
#pragma once

#include <gmmseg/segment.h>

#include <optional>

namespace gmmseg {

struct Drift {
  // Of the pixels with data: those less likely under the model than 99 of 100 training pixels, so
  // about 0.01 for an image like the training images.
  double unlikely_pixels = 0;
  // Total variation between the classes' shares here and in training: 0 the same, 1 disjoint.
  double share_distance = 0;

  static constexpr double kMostUnlikely = 0.2, kMostDistant = 0.75;
  bool flagged() const { return unlikely_pixels > kMostUnlikely || share_distance > kMostDistant; }
};

// Total variation between the shares of the same classes.
double ShareDistance(const ClassTable& here, const ClassTable& training);

// Nothing where the image has no data, or the model does not say what it was trained on.
std::optional<Drift> MeasureDrift(const Segmentation& segmentation, const Model& model);

}  // namespace gmmseg
