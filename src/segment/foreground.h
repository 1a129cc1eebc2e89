// What of a volume is no background, where nobody says so.
#pragma once

#include <gmmseg/tissues.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace gmmseg {

// Hounsfield units: air has -1000, fat -100.
inline constexpr float kMostAir = -500;

struct FoundForeground {
  std::vector<std::uint8_t> inside;  // per voxel
  std::int64_t num_inside = 0, num_left_out = 0;
  std::optional<double> threshold;
};

// kGiven: the voxels with data. kAuto: of these the ones above the background, in one piece. The
// background is the smallest value where at least a twentieth of the voxels have it, as in volumes
// without a skull, and what else lies below Otsu's threshold (Otsu 1979, "A threshold selection
// method from gray-level histograms") if that is far darker than the rest; without such a value all
// that lies below the threshold. Of a CT the background is what has at most kMostAir, where
// something has: air, and whatever number a scanner puts where it does not look.
FoundForeground FindForeground(const Raster& raster, std::span<const float> intensities,
                               Foreground foreground, TissuePreset preset);

}  // namespace gmmseg
