// How much of a volume each class is, in millilitres.
#pragma once

#include <gmmseg/segment.h>
#include <gmmseg/volume_geometry.h>

#include <cstdint>
#include <vector>

namespace gmmseg {

struct ClassVolume {
  std::int64_t voxels = 0;  // that carry the label
  double ml = 0;            // of these
  double ml_weighted = 0;   // the sum of the class's posteriors, smoothed where they are, times the
                            // volume of a voxel
};

// |det| of the 3 x 3 of to_world, which is that of the header's sform, or its qform, and without
// either of the spacing alone: then it is the product of the three, as it is wherever the header
// agrees with itself.
double VoxelMillilitres(const VolumeGeometry& geometry);

// By class. The same bits for any number of threads. Cost: a pass over the posteriors.
std::vector<ClassVolume> MeasureVolumes(const Segmentation& segmentation,
                                        const VolumeGeometry& geometry);

}  // namespace gmmseg
