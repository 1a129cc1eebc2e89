// Bands as features: their scale, and their principal components.
#pragma once

#include <gmmseg/features.h>
#include <gmmseg/raster.h>
#include <gmmseg/samples.h>

#include <Eigen/Core>
#include <memory>

namespace gmmseg {

// (B+1)×(B+1) for B bands: Σ w (x, 1)(x, 1)ᵀ over the pixels whose bands all have a value, each
// band on its scale, w the pixel's weight. What different rasters say adds up. The same bits for
// any number of threads. Cost: B²/2 multiply-adds per pixel.
Eigen::MatrixXd BandMoments(const Raster& raster, BandScale scale);

// The first `count` principal components of what these moments are of.
std::shared_ptr<const BandProjection> PrincipalBands(const Eigen::MatrixXd& moments, int count);

// Whether components are asked for and it is not said of which pixels.
bool LacksProjection(const FeatureSpec& spec);

// Each band on its scale, or its components, into the first planes.
void FillBands(const Raster& raster, const FeatureSpec& spec, Samples& samples);

// What rounding does to these features, from what it does to the bands: `steps` are of D bands, the
// floor of raw features without a scale.
Eigen::MatrixXd BandFloor(const Raster& raster, const FeatureSpec& spec,
                          const Eigen::VectorXd& steps);

}  // namespace gmmseg
