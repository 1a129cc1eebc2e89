// Where the voxels of a volume lie in the patient, and what its file says of that.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace gmmseg {

// Row r: world coordinate r (mm) = m[r][0] · x + m[r][1] · y + m[r][2] · z + m[r][3], of the middle
// of the voxel at column x, row y and slice z. The world is RAS+, as NIfTI has it: x to the
// patient's right, y to the front, z up.
using VoxelToWorld = std::array<std::array<double, 4>, 3>;

struct VolumeGeometry {
  std::array<double, 3> spacing{1, 1, 1};  // mm from voxel to voxel along x, y, z; > 0
  VoxelToWorld to_world{{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}};
  // The header that the volume came with, as the file has it (348 or 540 bytes); empty where it was
  // no NIfTI. What is written of the volume copies its geometry from here, byte by byte.
  std::vector<std::uint8_t> nifti_header;

  bool operator==(const VolumeGeometry&) const = default;
};

}  // namespace gmmseg
