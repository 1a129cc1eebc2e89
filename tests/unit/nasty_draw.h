// Everything about a nasty case is drawn from its number alone, so that a failure can be run again
// by itself.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "base/random.h"

namespace gmmseg {

// The draws of one case.
class NastyDraw {
 public:
  explicit NastyDraw(std::uint64_t number) : random_(number, 0x6e61737479) {}  // "nasty"

  double Uniform(double least = 0, double most = 1) {
    return least + (most - least) * random_.Uniform();
  }
  double Normal() { return random_.Normal(); }
  // 10 to a power between the two.
  double Magnitude(double least, double most) { return std::pow(10, Uniform(least, most)); }
  int Int(int least, int most) { return static_cast<int>(std::floor(Uniform(least, most + 1))); }
  bool Chance(double probability) { return Uniform() < probability; }
  template <typename T, std::size_t N>
  const T& OneOf(const std::array<T, N>& choices) {
    return choices[Int(0, static_cast<int>(N) - 1)];
  }

 private:
  RandomStream random_;
};

}  // namespace gmmseg
