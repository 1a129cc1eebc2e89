#pragma once

#include <gmmseg/samples.h>

#include <Eigen/Core>

namespace gmmseg {

// Rows that take the samples' planes, less their centre, to the directions of most variance.
struct Projection {
  Eigen::MatrixXd rows;    // at most `most` × num_features, the first of most variance
  Eigen::VectorXd center;  // in plane units
};

// Of the samples' first `num_features` planes, each brought to unit variance first, scaled so that
// all directions that are kept together have this standard deviation.
Projection PrincipalComponents(const Samples& samples, int num_features, int most,
                               double deviation);

}  // namespace gmmseg
