// Where EM starts: partitions of a subsample, turned into models by one M-step.
#pragma once

#include <gmmseg/fit.h>
#include <gmmseg/samples.h>

#include <Eigen/Core>
#include <cstdint>
#include <vector>

#include "mixture/maximize.h"

namespace gmmseg {

// Samples of weight > 0.
std::int64_t CountPresent(const Samples& samples);

// Those that lack no value.
Samples WholeSamples(const Samples& samples);
// How many points the samples stand for: a weight may count repeated ones, but no sample of weight
// > 0 is less than a point.
double NumPoints(const Samples& samples);

// The samples of weight > 0 where there are at most `size`; otherwise that many draws in proportion
// to the weights, by hashes of (seed, draw), where a sample drawn m times comes once with weight m.
// In ascending index.
Samples Subsample(const Samples& samples, std::int64_t size, std::uint64_t seed);

// The first `limit` distinct feature vectors of weight > 0, to a billionth of a plane unit, in
// order of appearance; rows × D, plane units. Where values are missing, first the whole samples,
// then those that agree with none found before in what both have, a gap at 0.
Eigen::MatrixXd DistinctSamples(const Samples& samples, int limit);

// One component per row of `points`, each with the smallest covariance the rules allow and equal
// weights.
GaussianMixture PointMasses(const Eigen::MatrixXd& points, const MaximizeRules& rules);

// What a distance means to k-means and Ward: see whiten.h. kSphere is of rules that have one.
enum class Metric { kWhitened, kScaled, kSphere };

// A start by `method`, which is not kAuto, with num_components components, or fewer where the
// subsample has fewer distinct points. Deterministic in (subsample, method, seed, restart).
GaussianMixture InitialModel(const Samples& subsample, InitMethod method, Metric metric,
                             int num_components, const MaximizeRules& rules, std::uint64_t seed,
                             int restart);

}  // namespace gmmseg
