#include "base/chi_square.h"

#include <gmmseg/errors.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <string>

namespace gmmseg {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

// log(a^a e^-a / Γ(a)) for a = degrees/2: for small ones by Γ(a + 1) = a Γ(a), as std::lgamma
// writes a global, which threads must not; for large ones by Stirling's series (Abramowitz, Stegun
// 1964, 6.1.41), whose error there is below 1e-15.
double LogScale(int degrees) {
  constexpr int kLarge = 32;
  const double shape = 0.5 * degrees;
  if (degrees >= kLarge) {
    const double r = 1 / shape, r2 = r * r;
    const double series = r / 12 - r * r2 * (1.0 / 360 - r2 * (1.0 / 1260 - r2 * (1.0 / 1680)));
    return 0.5 * std::log(shape / (2 * std::numbers::pi)) - series;
  }
  double a = degrees % 2 == 0 ? 1.0 : 0.5;
  double log_gamma = degrees % 2 == 0 ? 0.0 : 0.5 * std::log(std::numbers::pi);
  for (; a < shape; ++a) log_gamma += std::log(a);
  return shape * (std::log(shape) - 1) - log_gamma;
}

// log(x/a) - (x - a)/a, without cancellation where x is near a.
double LogRatio(double x, double a) {
  const double away = (x - a) / a;
  return (std::abs(away) < 0.5 ? std::log1p(away) : std::log(x / a)) - away;
}

// Σ_n x^n / (a (a+1) … (a+n)). Converges fast for x < a + 1.
double LowerSeries(double a, double x) {
  double term = 1 / a, sum = term;
  for (double n = 1; term > sum * kEpsilon; ++n) {
    term *= x / (a + n);
    sum += term;
  }
  return sum;
}

// 1/(x+1-a- 1(1-a)/(x+3-a- 2(2-a)/(x+5-a- …))) by Lentz's method. Converges fast for x > a + 1,
// where no denominator vanishes.
double UpperFraction(double a, double x) {
  double b = x + 1 - a;
  double d = 1 / b, c = std::numeric_limits<double>::max(), value = d, factor = 0;
  for (double n = 1; std::abs(factor - 1) > kEpsilon; ++n) {
    const double numerator = -n * (n - a);
    b += 2;
    d = 1 / (numerator * d + b);
    c = b + numerator / c;
    factor = c * d;
    value *= factor;
  }
  return value;
}

}  // namespace

ChiSquareTail::ChiSquareTail(int degrees) : shape_(0.5 * degrees) {
  if (degrees < 1)
    throw ParameterError("degrees of freedom = " + std::to_string(degrees) + "; must be >= 1");
  log_scale_ = LogScale(degrees);
}

double ChiSquareTail::operator()(double x) const {
  if (!(x > 0)) return std::isnan(x) ? x : 1;
  if (std::isinf(x)) return 0;
  const double half = 0.5 * x;
  const double scale = std::exp(log_scale_ + shape_ * LogRatio(half, shape_));
  if (scale == 0) return half < shape_ ? 1 : 0;
  return half < shape_ + 1 ? 1 - scale * LowerSeries(shape_, half)
                           : scale * UpperFraction(shape_, half);
}

}  // namespace gmmseg
