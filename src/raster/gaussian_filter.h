// Gaussian smoothing that knows which pixels have data.
#pragma once

#include <vector>

#include "raster/plane.h"

namespace gmmseg {

// Normalised convolution: Σ g·w·v / Σ g·w, so that pixels without data, and those beyond the
// border, neither count nor bleed. The kernel ends at 2.5 sigma. The same bits for any number of
// threads. Cost: 2 (2.5 sigma + 1) multiply-adds per pixel. Reference: Knutsson and Westin (1993),
// "Normalized and differential convolution".
class GaussianFilter {
 public:
  // sigma > 0, in pixels; weights are >= 0.
  GaussianFilter(double sigma, const Plane& weights);

  // `weighted` holds values times weights. 0 where no pixel within the kernel has a weight.
  Plane Apply(const Plane& weighted) const;

  // 1 where a pixel within the kernel has a weight, else 0.
  const Plane& reached() const { return reached_; }

 private:
  std::vector<float> kernel_;  // from its centre outwards
  Plane reached_, scale_;      // scale_: 1 / Σ g·w, 0 where that is 0
};

}  // namespace gmmseg
