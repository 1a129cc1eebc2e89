#include <doctest/doctest.h>
#include <gmmseg/exact_sum.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace gmmseg {
namespace {

std::vector<double> MixedTerms() {
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  std::vector<double> terms(10000);
  for (double& t : terms)
    t = normal(random) * std::exp2(std::uniform_int_distribution(-50, 40)(random));
  return terms;
}

ExactSum SumOf(const std::vector<double>& terms) {
  ExactSum sum;
  for (const double t : terms) sum += t;
  return sum;
}

}  // namespace

TEST_CASE("exact sum: its words make the same sum again, of either sign") {
  for (const double value : {0.0, 1.5, -1.5, 0x1p-60, -0x1p-60, 0x1.23456789abcdp65, -3e19}) {
    const ExactSum sum(value);
    CHECK(ExactSum::FromWords(sum.high(), sum.low()) == sum);
  }
  CHECK(ExactSum::FromWords(-1, 0).ToDouble() == -16);
  CHECK(ExactSum::FromWords(0, 1).ToDouble() == 0x1p-60);
}

TEST_CASE("exact sum: any order gives the same bits") {
  std::vector<double> terms = MixedTerms();
  const ExactSum forward = SumOf(terms);
  std::shuffle(terms.begin(), terms.end(), std::mt19937(1));
  CHECK(SumOf(terms) == forward);
}

TEST_CASE("exact sum: any grouping gives the same bits") {
  const std::vector<double> terms = MixedTerms();
  ExactSum grouped;
  for (std::size_t first = 0; first < terms.size(); first += 37) {
    ExactSum part;
    for (std::size_t i = first; i < std::min(first + 37, terms.size()); ++i) part += terms[i];
    grouped += part;
  }
  CHECK(grouped == SumOf(terms));
}

TEST_CASE("exact sum: agrees with long double to the quantum per term") {
  const std::vector<double> terms = MixedTerms();
  long double reference = 0;
  for (const double t : terms) reference += static_cast<long double>(t);
  CHECK(SumOf(terms).ToDouble() == doctest::Approx(static_cast<double>(reference)).epsilon(1e-14));
}

TEST_CASE("exact sum: represents multiples of its quantum exactly") {
  for (const double value :
       {0.0, 1.0, -1.0, 0x1p-60, -0x1p-60, 123456789.125, -0x1p65, 0x1.fffffffffffffp52})
    CHECK(ExactSum(value).ToDouble() == value);
}

TEST_CASE("exact sum: a term or total out of range is noticed and never wraps") {
  for (const double bad :
       {0x1p66, -0x1p70, std::numeric_limits<double>::infinity(), std::nan("")}) {
    ExactSum sum(1.0);
    sum += bad;
    CHECK(sum.overflowed());
    CHECK(std::isnan(sum.ToDouble()));
  }
  ExactSum total;
  for (int i = 0; i < 8; ++i) total += 0x1.8p65;
  CHECK(total.overflowed());
}

}  // namespace gmmseg
