// How many independent pixels an image's pixels are worth.
#pragma once

#include <gmmseg/features.h>
#include <gmmseg/raster.h>

namespace gmmseg {

// n_eff = n · Π over the axes of 1 / Σ_h (1 - |h|/N) ρ^(h²), |h| < N pixels of the axis, held to
// 1…n; 0 where no pixel has data. That is what n pixels are worth to a mean whose correlation at a
// distance h is ρ^(h²), as in white noise that a Gaussian has blurred; a texture whose correlation
// falls off as ρ^h is worth less, up to 3 times per axis for ρ = 0.9.
//
// ρ, 0 or more, is the correlation of neighbours along the axis: 1 less half the mean squared
// difference of the pairs that both have data, the mean over the whitened colour features, each two
// of these over what has both; 0 where there is no such pair. The classes' own pattern counts as
// correlation, too. A place is no measurement and takes no part.
//
// Of pixels that have weights, n is (Σw)² / Σw² (Kish 1965, Survey Sampling): as many of equal
// weight would tell as much. It does not depend on the weights' scale.
//
// `planes` are the raster's. The same bits for any number of threads. Cost: a pass over the samples
// and one over the pixels for each axis, D² products each.
double EffectiveSamples(const Raster& raster, const FeaturePlanes& planes);

}  // namespace gmmseg
