// A sum of doubles that does not depend on the order or the grouping of its terms.
#pragma once

#include <array>
#include <cstdint>

namespace gmmseg {

// 128-bit fixed point: multiples of 2^-60 up to ±2^67. Each term is rounded to the nearest multiple
// on its own, and integers add exactly, so any partition over threads, blocks, files or ranks gives
// the same bits, as long as every partial sum stays in range: ±2^66 for a term, ±2^67 for a sum.
// Beyond, or with a NaN, the sum has overflowed for good; ask with overflowed().
class ExactSum {
 public:
  ExactSum() = default;
  explicit ExactSum(double value) { *this += value; }

  ExactSum& operator+=(double term);
  ExactSum& operator+=(const ExactSum& other);

  double ToDouble() const;
  bool overflowed() const { return overflowed_; }
  bool operator==(const ExactSum&) const = default;

  // The sum itself, for files: (high · 2^64 + low) · 2^-60. A sum that has overflowed has none.
  static ExactSum FromWords(std::int64_t high, std::uint64_t low);
  std::int64_t high() const { return high_; }
  std::uint64_t low() const { return low_; }

  // The sum as integers that may be added up one by one, of up to 2^31 sums, whoever does that: an
  // MPI library, say. FromParts of the totals is the sum of these sums.
  using Parts = std::array<std::int64_t, 5>;
  Parts ToParts() const;
  static ExactSum FromParts(const Parts& totals);

 private:
  static ExactSum Overflowed();

  std::int64_t high_ = 0;
  std::uint64_t low_ = 0;
  bool overflowed_ = false;
};

}  // namespace gmmseg
