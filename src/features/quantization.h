// What the rounding of a raster's values does to its features: the steps and the floor matrix.
#pragma once

#include <gmmseg/features.h>
#include <gmmseg/raster.h>
#include <gmmseg/samples.h>

#include <Eigen/Core>

namespace gmmseg {

// Of an integer band's valid pixels: the greatest common divisor of the differences (16 for 12 bits
// in 16, 257 for 8 bits widened), but no more than 1/16 of the range. An image of fewer levels is a
// drawing, a scan or a map, whose levels are meant; taken for rounded light, levels of few
// pixels would drown in their neighbours. 1 for a constant band.
double QuantizationStep(const Raster& raster, int band);

// D×D for the colour features of an integer raster: (1/12)·mean of J diag(step²) Jᵀ over a sample
// of its valid pixels. Positive definite.
Eigen::MatrixXd QuantizationFloor(const Raster& raster, ColorSpace space, int num_features);

// D×D for the first features of a float raster, which has no step: 1e-6 of each
// variance, and no less than float's own rounding of the mean. Positive definite.
Eigen::MatrixXd FloatFloor(const Samples& samples, int num_features);

}  // namespace gmmseg
