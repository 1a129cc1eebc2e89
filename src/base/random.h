// Random numbers that depend on what they are for, never on the order in which they are asked for.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace gmmseg {

// A well-mixed 64-bit hash of one word: the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
constexpr std::uint64_t Mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// The hash of (seed, stream, index): stream separates uses of one seed, index the draws within a
// use.
constexpr std::uint64_t Hash(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
  return Mix(Mix(Mix(seed) ^ stream) ^ index);
}

// Uniform in [0, 1), 53 bits.
constexpr double ToUnit(std::uint64_t hash) { return static_cast<double>(hash >> 11) * 0x1p-53; }

// A sequence of draws for one (seed, stream).
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::uint64_t stream) : seed_(seed), stream_(stream) {}

  double Uniform() { return ToUnit(Hash(seed_, stream_, index_++)); }

  // Standard normal, by Box and Muller (1958).
  double Normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - Uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * Uniform());
  }

 private:
  std::uint64_t seed_, stream_, index_ = 0;
};

}  // namespace gmmseg
