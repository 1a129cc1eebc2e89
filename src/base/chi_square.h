// The chi-square distribution's upper tail.
#pragma once

namespace gmmseg {

// P(χ² > x) with so many degrees of freedom, >= 1: the regularised upper incomplete gamma function
// Q(degrees/2, x/2), by its series below the mean and by its continued fraction above (Abramowitz,
// Stegun 1964, 6.5.29 and 6.5.31). 1 for x <= 0. Relative error below 1e-12 up to 65,535
// degrees. Cost: O(√degrees) a call.
class ChiSquareTail {
 public:
  explicit ChiSquareTail(int degrees);
  double operator()(double x) const;

 private:
  double shape_;      // a = degrees/2
  double log_scale_;  // log(a^a e^-a / Γ(a))
};

}  // namespace gmmseg
