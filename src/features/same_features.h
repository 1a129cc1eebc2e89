// Whether a model of one image fits another.
#pragma once

#include <gmmseg/features.h>

#include <string>

namespace gmmseg {

// By name, source and block; units follow from these.
bool SameFeatures(const FeatureLayout& a, const FeatureLayout& b);

// "L*, a*, b*"
std::string FeatureNames(const FeatureLayout& layout);

}  // namespace gmmseg
