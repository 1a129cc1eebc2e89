// What the pixels hold: the posteriors of over-fitted mixtures of colour and texture.
#pragma once

#include <gmmseg/regions.h>

#include "raster/plane.h"
#include "spatial/gradient.h"

namespace gmmseg {

// Looked at; larger images in means over blocks.
inline constexpr std::int64_t kMostRegionPixels = std::int64_t{1} << 19;

inline constexpr int kMembershipFactor = 2;

// At the colours' resolution divided by kMembershipFactor: one plane per component of every
// mixture; they sum to 1 where there is data. Adds to `seconds` what features, fits and posteriors
// took.
MembershipField RegionMemberships(const PlaneStack& colors, const RegionOptions& options,
                                  RegionSeconds& seconds);

}  // namespace gmmseg
