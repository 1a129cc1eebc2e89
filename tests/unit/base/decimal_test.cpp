#include "base/decimal.h"

#include <doctest/doctest.h>

#include <clocale>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>

#include "base/random.h"

namespace gmmseg {

TEST_CASE("decimal: what stands around a number, as files have it") {
  for (const char* const text :
       {"1.5", "+1.5", "  1.5", " +1.5 ", "15e-1", "1.5E+0", "01.50", "1.5 m"}) {
    CAPTURE(std::string(text));
    CHECK(NumberAtFront(text) == 1.5);
  }
  CHECK(NumberAtFront("-.25") == -0.25);
  CHECK(NumberAtFront("1,5") == 1);
  for (const char* const text : {"", " ", "+", "-", "+-1", "++1", "- 1", "mm", ".", "1e999"}) {
    CAPTURE(std::string(text));
    CHECK_FALSE(NumberAtFront(text));
  }
}

TEST_CASE("decimal: as printf and strtod have it") {
  RandomStream random(1, 1);
  for (int i = 0; i < 2000; ++i) {
    const double value = random.Normal() * std::pow(10.0, 40 * random.Normal());
    for (const int digits : {5, 9, 17}) {
      char text[64];
      std::snprintf(text, sizeof text, "%.*g", digits, value);
      CHECK(RoundedTo(digits, value) == std::strtod(text, nullptr));
      CHECK(NumberAtFront(text) == std::strtod(text, nullptr));
    }
    char text[512];
    std::snprintf(text, sizeof text, "%.6f", value);
    CHECK(FixedText(value, 6) == std::string(text));
  }
  CHECK(FixedText(-std::numeric_limits<double>::max(), 6).size() == 317);
  CHECK(std::isnan(RoundedTo(5, NAN)));
  CHECK(RoundedTo(5, -INFINITY) == -INFINITY);
}

TEST_CASE("decimal: a locale with another sign than the point has no say") {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  for (const char* const name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "nl_NL.UTF-8"})
    if (std::setlocale(LC_ALL, name) != nullptr) {
      CHECK(NumberAtFront("1.5") == 1.5);
      CHECK(FixedText(1.5, 2) == "1.50");
      CHECK(RoundedTo(2, 1.23) == 1.2);
    }
  std::setlocale(LC_ALL, before.c_str());
}

}  // namespace gmmseg
