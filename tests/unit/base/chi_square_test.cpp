#include "base/chi_square.h"

#include <doctest/doctest.h>
#include <gmmseg/errors.h>

#include <cmath>
#include <limits>

using gmmseg::ChiSquareTail;

TEST_CASE("chi-square tail: scipy.stats.chi2.sf to ten digits") {
  // scipy 1.10.1
  struct {
    int degrees;
    double x, tail;
  } const known[] = {
      {1, 0.001, 0.9747728793699604},      {1, 3.84, 0.05004352124870519},
      {1, 50, 1.537459794428033e-12},      {2, 1, 0.6065306597126334},
      {3, 0.01, 0.9997348349413444},       {3, 11.344866730144373, 0.00999999999999999},
      {3, 100, 1.5541594313896026e-21},    {5, 4.0, 0.5494159513527802},
      {5, 7.1, 0.21330878992839813},       {12, 300, 4.6959578959561177e-57},
      {31, 30, 0.5172965493148962},        {31, 34, 0.32509577764539166},
      {100, 90, 0.7531979655998298},       {100, 400, 1.6927979958857254e-37},
      {1000, 1050, 0.13247405682147703},   {65535, 65000, 0.9305569419139977},
      {65535, 66500, 0.003973081602588411}};
  for (const auto& [degrees, x, tail] : known) {
    CAPTURE(degrees);
    CAPTURE(x);
    CHECK(std::abs(ChiSquareTail(degrees)(x) / tail - 1) < 1e-10);
  }
}

TEST_CASE("chi-square tail: two degrees are an exponential") {
  const ChiSquareTail tail(2);
  for (double x = 1e-8; x < 1400; x *= 1.37)
    CHECK(std::abs(tail(x) / std::exp(-x / 2) - 1) < 1e-12);
}

TEST_CASE("chi-square tail: it falls, from 1 to 0, also where series and fraction meet") {
  for (const int degrees : {1, 2, 3, 8, 201}) {
    const ChiSquareTail tail(degrees);
    CHECK(tail(0) == 1);
    CHECK(tail(-1) == 1);
    CHECK(tail(1e-300) == doctest::Approx(1));
    CHECK(tail(1e6) == 0);
    CHECK(tail(std::numeric_limits<double>::infinity()) == 0);
    CHECK(std::isnan(tail(std::nan(""))));
    double before = 1;
    for (double x = 0.01; x < 3 * degrees; x += 0.01 * degrees) {
      CHECK((tail(x) < before || before == 1));
      before = tail(x);
    }
  }
}

TEST_CASE("chi-square tail: no degrees of freedom are refused") {
  CHECK_THROWS_AS(ChiSquareTail(0), gmmseg::ParameterError);
}
