#pragma once

#include <gmmseg/features.h>

namespace gmmseg {

// Whether a mixture on these features is no density: see FeatureSpec::position_weight.
inline bool IsTempered(const FeatureSpec& spec) {
  return spec.position_weight != 0 && spec.position_weight != 1;
}

}  // namespace gmmseg
