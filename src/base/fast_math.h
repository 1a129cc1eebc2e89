// e^x and ln x in plain float arithmetic, without a branch or a call, so that compilers turn loops
// of them into vector code; the same bits with every instruction set.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace gmmseg {

// e^x within 2e-7 of it, for -1e4 <= x <= 0; where it is less than 2^-126, about that. Reference:
// Moshier, Cephes, expf.
inline float FastExp(float x) {
  // Rounds to the nearest whole number, which the float's last bits then hold.
  constexpr float kRound = 12582912.0f;  // 1.5 · 2^23
  constexpr std::int32_t kRoundBits = 0x4b400000;
  const float shifted = x * 1.44269504f + kRound;
  const float n = shifted - kRound;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const float value = p * r * r + r + 1;
  const std::int32_t exponent = std::max(std::bit_cast<std::int32_t>(shifted) - kRoundBits, -125);
  return std::bit_cast<float>(std::bit_cast<std::int32_t>(value) + (exponent << 23));
}

// ln x within 2e-7 · max(1, |ln x|) of it, for normal x > 0. Reference: Moshier, Cephes, logf.
inline float FastLog(float x) {
  constexpr std::int32_t kHalfRoot = 0x3f3504f3;  // of ½: the mantissa lies in √½…√2
  const std::int32_t bits = std::bit_cast<std::int32_t>(x) - kHalfRoot;
  const auto n = static_cast<float>(bits >> 23);
  const float m = std::bit_cast<float>((bits & 0x007fffff) + kHalfRoot) - 1;
  float p = 7.0376836292e-2f;
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  const float square = m * m;
  const float tail = p * m * square - 2.12194440e-4f * n - 0.5f * square;
  return m + tail + 0.693359375f * n;
}

}  // namespace gmmseg
