// What a distance means to k-means.
#pragma once

#include <gmmseg/samples.h>

#include <Eigen/Core>
#include <vector>

namespace gmmseg {

// D squared half-axes, in plane units, of the surface whose points lie one unit from its centre: a
// unit of the user's for the features of the first block, and for those of another as much more as
// their mean variance over the samples is. Without blocks all features are one.
Eigen::VectorXd UnitSphere(const Samples& samples, const std::vector<FeatureBlock>& blocks);

}  // namespace gmmseg
