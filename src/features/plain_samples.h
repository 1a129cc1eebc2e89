// Features before they are standardised.
#pragma once

#include <gmmseg/features.h>
#include <gmmseg/raster.h>
#include <gmmseg/samples.h>

#include <Eigen/Core>

namespace gmmseg {

bool DependsOnColorAlone(const FeatureLayout& layout);

// One sample per pixel, in the user's units, of weight 0 or 1. `white`: of integer colours, what
// counts as white in place of raster.white(), unless it is 0.
Samples PlainSamples(const Raster& raster, const FeatureLayout& layout, double white = 0);

// All of FeaturePlanes but the scaling and the floor: samples are distinct colours where that pays.
FeaturePlanes UnscaledFeatures(const Raster& raster, const FeatureLayout& layout);

// FeaturePlanes::floor of a raster whose standardised samples these are; integer rasters need
// none.
Eigen::MatrixXd FloorOf(const Raster& raster, const FeatureLayout& layout, const Samples& samples);

}  // namespace gmmseg
