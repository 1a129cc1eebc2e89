#include <gmmseg/exact_sum.h>

#include <cmath>

namespace gmmseg {
namespace {

__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;

constexpr int kFractionBits = 60;
constexpr std::uint64_t kLower = 0xffffffff;
constexpr double kLimit = 0x1p66;  // of one term: a sum of two fits the 128 bits

Int128 Join(std::int64_t high, std::uint64_t low) {
  return static_cast<Int128>(static_cast<Uint128>(high) << 64 | low);
}

}  // namespace

ExactSum& ExactSum::operator+=(double term) {
  if (!(std::abs(term) < kLimit)) {
    *this = Overflowed();
    return *this;
  }
  // The integer part and the fraction are each exact in double; the fraction is rounded to 60 bits.
  // Both fit 64-bit integers where |term| < 2^62, which is the quick way; larger terms are rare.
  const bool quick = std::abs(term) < 0x1p62;
  const double whole =
      quick ? static_cast<double>(static_cast<std::int64_t>(term)) : std::trunc(term);
  const Int128 integer =
      quick ? Int128{static_cast<std::int64_t>(term)} : static_cast<Int128>(whole);
  const Int128 fixed =
      integer * (Int128{1} << kFractionBits) + std::llrint((term - whole) * 0x1p60);
  return *this +=
         FromWords(static_cast<std::int64_t>(fixed >> 64), static_cast<std::uint64_t>(fixed));
}

ExactSum& ExactSum::operator+=(const ExactSum& other) {
  Int128 sum;
  if (overflowed_ || other.overflowed_ ||
      __builtin_add_overflow(Join(high_, low_), Join(other.high_, other.low_), &sum)) {
    *this = Overflowed();
    return *this;
  }
  high_ = static_cast<std::int64_t>(sum >> 64);
  low_ = static_cast<std::uint64_t>(sum);
  return *this;
}

ExactSum ExactSum::FromWords(std::int64_t high, std::uint64_t low) {
  ExactSum sum;
  sum.high_ = high;
  sum.low_ = low;
  return sum;
}

// Four times 32 bits, the highest with the sign, and whether the sum has overflowed.
ExactSum::Parts ExactSum::ToParts() const {
  const auto lower = [](std::uint64_t word) { return static_cast<std::int64_t>(word & kLower); };
  return {lower(low_), lower(low_ >> 32), lower(static_cast<std::uint64_t>(high_)), high_ >> 32,
          std::int64_t{overflowed_}};
}

ExactSum ExactSum::FromParts(const Parts& totals) {
  if (totals[4] != 0) return Overflowed();
  Int128 sum = totals[3];
  for (int i = 2; i >= 0; --i) {
    constexpr Int128 kShift = Int128{1} << 32;
    if (__builtin_mul_overflow(sum, kShift, &sum) ||
        __builtin_add_overflow(sum, static_cast<Int128>(totals[i]), &sum))
      return Overflowed();
  }
  return FromWords(static_cast<std::int64_t>(sum >> 64), static_cast<std::uint64_t>(sum));
}

ExactSum ExactSum::Overflowed() {
  ExactSum sum;
  sum.overflowed_ = true;
  return sum;
}

double ExactSum::ToDouble() const {
  if (overflowed_) return std::nan("");
  return std::ldexp(static_cast<double>(Join(high_, low_)), -kFractionBits);
}

}  // namespace gmmseg
