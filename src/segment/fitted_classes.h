// The class table of a fitted mixture.
#pragma once

#include <gmmseg/class_table.h>
#include <gmmseg/gaussian_mixture.h>

#include <cstdint>
#include <span>

namespace gmmseg {

// One entry per component, in the mixture's order, named "class 1" …; shares are 0.
ClassTable ClassesOf(const GaussianMixture& mixture);

// The table with the shares that `pixels` (per class) have in their sum; all 0 where that is 0.
ClassTable WithShares(ClassTable classes, std::span<const std::int64_t> pixels);

}  // namespace gmmseg
