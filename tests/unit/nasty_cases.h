// Checking numbered nasty inputs. Two environment variables choose other cases than the test's own:
//   GMMSEG_NASTY_FIRST=4711 GMMSEG_NASTY_CASES=1 test_mixture -tc='nasty*'
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdlib>
#include <exception>
#include <string>

namespace gmmseg {

inline std::uint64_t NastyNumber(const char* variable, std::uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Makes each of `num_cases` cases, which have a description, and looks for its flaw: flaw_of(case)
// says what is wrong, or nothing. A refusal that is due has to be caught there.
template <typename Make, typename FlawOf>
void CheckNastyCases(std::uint64_t num_cases, const Make& make, const FlawOf& flaw_of) {
  const std::uint64_t first = NastyNumber("GMMSEG_NASTY_FIRST", 0);
  const std::uint64_t last = first + NastyNumber("GMMSEG_NASTY_CASES", num_cases);
  for (std::uint64_t number = first; number < last; ++number) {
    const auto nasty = make(number);
    std::string flaw;
    try {
      flaw = flaw_of(nasty);
    } catch (const std::exception& error) {
      flaw = std::string("refused: ") + error.what();
    }
    CHECK_MESSAGE(flaw.empty(), "case ", number, ", ", nasty.description, ": ", flaw);
  }
}

}  // namespace gmmseg
