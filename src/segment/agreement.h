// Holding one labelling of samples against another, whose numbers are its own.
#pragma once

#include <gmmseg/features.h>
#include <gmmseg/gaussian_mixture.h>

#include <cstdint>
#include <vector>

namespace gmmseg {

// Of every sample, from 0; the first of equals. What belongs to which class is told as in
// ComponentMerge::class_of.
std::vector<std::uint16_t> MostProbableClasses(const Samples& samples,
                                               const GaussianMixture& mixture,
                                               const std::vector<int>& class_of);

// 0 where the sample has no data.
double PixelsWithData(const FeaturePlanes& planes, std::int64_t sample);

// For each number of `labels`, the one of `reference` that it stands for, or -1: at most one each,
// so that as many pixels as can agree do. Reference: the assignment problem, Kuhn 1955.
std::vector<int> Partners(const FeaturePlanes& planes, const std::vector<std::uint16_t>& labels,
                          int num_labels, const std::vector<std::uint16_t>& reference,
                          int num_reference);

}  // namespace gmmseg
