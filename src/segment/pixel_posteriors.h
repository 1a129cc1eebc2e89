// Posteriors of pixels in place of those of samples.
#pragma once

#include <gmmseg/aligned_buffer.h>
#include <gmmseg/segment.h>

namespace gmmseg {

// Class by class, each of as many pixels.
class PosteriorPlanes : public SmoothPosteriors {
 public:
  PosteriorPlanes(AlignedBuffer<float> planes, int num_classes)
      : planes_(std::move(planes)), num_classes_(num_classes) {}

  void Evaluate(std::int64_t first, std::int64_t count, float* values,
                std::int64_t stride) const override;

 private:
  AlignedBuffer<float> planes_;
  int num_classes_;
};

// Labels by smooth_posteriors: the first of the most probable classes; 0 where all are 0.
void TakeMostProbable(Segmentation& segmentation);

// The classes' shares by the labels.
void CountShares(Segmentation& segmentation);

}  // namespace gmmseg
