// What tells smoothing how alike neighbouring pixels are.
#pragma once

#include <gmmseg/aligned_buffer.h>
#include <gmmseg/segment.h>

#include <vector>

#include "spatial/grid.h"

namespace gmmseg {

inline Grid GridOf(const Segmentation& segmentation) {
  return {segmentation.width, segmentation.height, segmentation.depth};
}

struct Guide {
  Grid grid;
  AlignedBuffer<float> has_data;              // per pixel, 1 or 0
  std::vector<GuidePlane> planes;             // up to three of the colour features, about 0…1
  std::vector<AlignedBuffer<float>> storage;  // of planes that are not the samples' own
};

// Of a labelled segmentation, which must outlive the guide. But for a constant of each plane, how a
// pixel's values become the guide's depends on the model alone.
Guide MakeGuide(const Segmentation& segmentation);

// A plane of pixels from one of samples, where `planes` has an entry per pixel.
void SpreadToPixels(const FeaturePlanes& planes, const float* of_samples, float* of_pixels);

}  // namespace gmmseg
