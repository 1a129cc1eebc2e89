// What a NIfTI or ANALYZE header says of its voxels.
#pragma once

#include <gmmseg/volume_geometry.h>

#include <array>
#include <cstdint>
#include <string>

#include "io/nifti_files.h"

namespace gmmseg {

struct NiftiFacts {
  std::array<std::int64_t, 4> size{1, 1, 1, 1};  // columns, rows, slices, volumes
  int type = 0;                                  // NIFTI_TYPE_…
  // value = slope · stored + intercept
  double slope = 1, intercept = 0;
  std::int64_t voxels_at = 0;  // bytes from the start of the file that holds them
  VolumeGeometry geometry;

  bool IsScaled() const { return slope != 1 || intercept != 0; }
  std::int64_t num_voxels() const { return size[0] * size[1] * size[2] * size[3]; }
};

// Throws IoError naming the field where a dimension is < 1, there are more than four, or a spacing
// is not > 0 and no sform tells it.
NiftiFacts FactsOf(const NiftiFiles& files);

}  // namespace gmmseg
