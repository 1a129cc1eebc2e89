// The class table of a fitted mixture.
#pragma once

#include <gmmseg/class_table.h>
#include <gmmseg/component_merge.h>
#include <gmmseg/gaussian_mixture.h>

#include <cstdint>
#include <span>

namespace gmmseg {

// One entry per class, in their order, named "class 1" …; shares are 0.
ClassTable ClassesOf(const GaussianMixture& mixture, const ComponentMerge& merge);

// The table with the weights and the means that the mixture's components give its classes: sums,
// and means by weight. A class whose components have no weight takes the mean of the last of them.
ClassTable WithMoments(ClassTable classes, const GaussianMixture& mixture,
                       const ComponentMerge& merge);

// The table with the shares that `pixels` (per class) have in their sum; all 0 where that is 0.
ClassTable WithShares(ClassTable classes, std::span<const std::int64_t> pixels);

}  // namespace gmmseg
