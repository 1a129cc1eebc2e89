// RegionPosteriors: to which region a pixel would be given by what it holds alone.
#pragma once

#include <gmmseg/aligned_buffer.h>
#include <gmmseg/regions.h>

#include <cstdint>
#include <vector>

namespace gmmseg {

// P(region | pixel) = Σ_k P(component k | pixel) · P(region | k), where by Bayes's rule P(region |
// k) is the region's share of component k over the sum of all regions' shares: before a pixel is
// looked at, small and large regions are equally likely. Regions that hold the same share the
// pixels that hold it, wherever these lie.
class RegionPosteriors {
 public:
  // The regions, which this refers to, must come with their memberships: ParameterError otherwise.
  explicit RegionPosteriors(const Regions& regions);

  // Of one region, 1…num_regions(): row-major, 0…1, 0 where there is no data; over all regions they
  // sum to 1. At half the resolution that the regions were looked for at, and interpolated. Throws
  // ParameterError for a region that there is not. Cost: components × mixtures / 4 products per
  // pixel.
  std::vector<float> Of(std::uint32_t region) const;

 private:
  const Regions& regions_;
  int factor_;                    // of the pixels' resolution to the memberships'
  std::vector<float> shares_;     // P(region | component), per region K
  AlignedBuffer<float> weights_;  // of the memberships, at every pixel
};

}  // namespace gmmseg
