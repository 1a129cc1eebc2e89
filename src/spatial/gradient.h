// How much a picture changes at each pixel.
#pragma once

#include <span>
#include <vector>

#include "raster/plane.h"

namespace gmmseg {

// The norm, over all planes and both axes, of the slope per pixel, by Sobel's operator; at the
// border as if the border's pixels went on.
Plane GradientMagnitude(std::span<const Plane> planes);

// What share of each pixel belongs to each of K classes: planes hold shares times weight, and the
// weight is 0 where there is no data.
struct MembershipField {
  std::vector<Plane> planes;
  Plane weight;

  std::int64_t width() const { return weight.width; }
  std::int64_t height() const { return weight.height; }
};

// At half the resolution, rounded up: means over 2 × 2 pixels.
MembershipField Halved(const MembershipField& field);

// How far apart the two sides of a border are looked at.
struct GradientScale {
  double sigma;               // of the smoothing, pixels
  int reach, diagonal_reach;  // pixels either way along each axis
};

// The memberships smoothed at sigma, then the largest, over four directions, of the chi-square
// distance ½ Σ_k (a-b)²/(a+b) between the two sides; 0…1. A direction with a side beyond the border
// or out of reach of data says nothing. The same bits for any number of threads. Cost: 4 divisions
// per pixel and class beside the smoothing, and 32 planes of memory.
Plane MembershipGradient(const MembershipField& field, const GradientScale& scale);

// Bilinear, to a grid of `factor` times the resolution; the grids' outer borders coincide.
Plane Enlarged(const Plane& plane, int factor, std::int64_t width, std::int64_t height);

}  // namespace gmmseg
