// How a number from 0 to 1 is stored as an integer.
#pragma once

#include <gmmseg/image_io.h>

namespace gmmseg {

// round(value · steps); `no_data` where there is none.
struct ProbabilitySteps {
  SampleType type;
  double steps;
  int no_data;
};

// Of a depth that is none of floats.
inline ProbabilitySteps StepsOf(ProbabilityDepth depth) {
  if (depth == ProbabilityDepth::kUint8) return {SampleType::kUint8, 250, 255};
  return {SampleType::kUint16, 10000, 65535};
}

}  // namespace gmmseg
