// Bands as features: their scale, and their principal components.
#pragma once

#include <gmmseg/features.h>
#include <gmmseg/ranks.h>
#include <gmmseg/raster.h>
#include <gmmseg/samples.h>

#include <Eigen/Core>
#include <memory>

#include "base/tree_sum.h"

namespace gmmseg {

// Of B bands, each on its scale, over the pixels whose bands all have a value. Mergeable: a fresh
// one is the identity. Reference: Chan, Golub and LeVeque 1979, the pairwise sums.
struct BandMoments {
  double weight = 0;        // Σ w, the pixels' weights
  Eigen::VectorXd mean;     // B; empty before any raster has been seen
  Eigen::MatrixXd scatter;  // B×B: Σ w (x - mean)(x - mean)ᵀ

  BandMoments& operator+=(const BandMoments& other);
};

// The moments of all ranks' parts, on all of them.
void Unite(Ranks& ranks, TreeSum<BandMoments>& moments);

// The same bits for any number of threads. Cost: B²/2 multiply-adds per pixel.
BandMoments MomentsOfBands(const Raster& raster, BandScale scale);

// The first `count` principal components of what these moments are of.
std::shared_ptr<const BandProjection> PrincipalBands(const BandMoments& moments, int count);

// Whether components are asked for and it is not said of which pixels.
bool LacksProjection(const FeatureSpec& spec);

// Each band on its scale, or its components, into the first planes.
void FillBands(const Raster& raster, const FeatureSpec& spec, Samples& samples);

// What rounding does to these features, from what it does to the bands: `steps` are of D bands, the
// floor of raw features without a scale.
Eigen::MatrixXd BandFloor(const Raster& raster, const FeatureSpec& spec,
                          const Eigen::VectorXd& steps);

}  // namespace gmmseg
