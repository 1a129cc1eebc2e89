// Tissues and an uneven field, fitted together to the intensities of a volume.
#pragma once

#include <gmmseg/tissues.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "mixture/partial_volume.h"
#include "spatial/grid.h"

namespace gmmseg {

struct TissueFit {
  TissueModel model;
  std::vector<float> field;  // per voxel, 1 in the mean of those inside; all 1 without bias
  std::vector<double> log_likelihoods;
  bool converged = false;
};

// EM by the options, of the voxels that are `inside`: with bias first for the field, of voxels
// averaged with their neighbours, and then for the tissues in that field. Voxels enter as a table
// of intensities and values of the field, so that a step costs two looks at each voxel and no
// exponential. A step is an E- and an M-step of the tissues, and then one of the field, whose prior
// is a thin plate's; neither lowers the likelihood with the prior, but for the table's steps:
// 1/1024 of the intensities' range and 1/128 of the field's.
TissueFit FitTissues(const Grid& grid, const std::array<double, 3>& spacing,
                     std::span<const float> intensities, std::span<const std::uint8_t> inside,
                     const TissueOptions& options);

}  // namespace gmmseg
