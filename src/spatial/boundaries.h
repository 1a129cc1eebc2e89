// Where regions end: colour's and memberships' gradients together.
#pragma once

#include "raster/plane.h"
#include "spatial/gradient.h"

namespace gmmseg {

struct Boundaries {
  Plane relief;    // what a watershed floods
  Plane strength;  // what merging looks at; 0…1.3
};

// `colors` are planes in units of just noticeable differences (CIE L*a*b*, or scaled so that they
// vary as much), and `field` has half their resolution. From m, the colours' gradient at sigma = 1
// and 2.5, c₁ = m / (m + 4) and c₂ = m / (m + 2); from the memberships' gradients 4, 8 and 16
// pixels either way, smoothed at half as much, g₁, g₂, g₄:
//
//   relief = ½c₁ + ½c₂ + g₁ + g₂, smoothed at sigma = 1
//   strength = (0.4c₁ + 0.4c₂ + 0.1g₁ + 0.1g₂) · (g₄ + 0.01)^0.3
Boundaries FindBoundaries(const PlaneStack& colors, const MembershipField& field);

}  // namespace gmmseg
