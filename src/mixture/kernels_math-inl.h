// Vectors of floats and the functions of them that the SIMD kernels need. Included once per
// instruction set, as Highway asks.

#if defined(GMMSEG_MIXTURE_KERNELS_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GMMSEG_MIXTURE_KERNELS_MATH_INL_H_
#undef GMMSEG_MIXTURE_KERNELS_MATH_INL_H_
#else
#define GMMSEG_MIXTURE_KERNELS_MATH_INL_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gmmseg {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;
using V = hn::Vec<Tag>;
constexpr Tag kTag;
constexpr int kLanes = HWY_MAX_BYTES / sizeof(float);

HWY_INLINE double Total(V v) { return static_cast<double>(hn::GetLane(hn::SumOfLanes(kTag, v))); }

// x[i] becomes 2^x[i], for |x[i]| ≤ 126: relative error below 2e-7. A polynomial of degree 5 on
// [-½, ½], fitted for the least largest relative error, times an exact power of two. Values go
// abreast, for each step waits on the one before.
template <int N>
HWY_INLINE void Exp2(V (&x)[N]) {
  const hn::RebindToSigned<Tag> int_tag;
  const V shift = hn::Set(kTag, 0x1.8p23f);  // leaves the nearest integer in the lowest bits
  V shifted[N], p[N];
  for (int i = 0; i < N; ++i) shifted[i] = hn::Add(x[i], shift);
  for (int i = 0; i < N; ++i) x[i] = hn::Sub(x[i], hn::Sub(shifted[i], shift));
  constexpr float kCoefficients[] = {0.009675540961325169f, 0.05550713092088699f,
                                     0.24022120237350464f, 0.6931469440460205f,
                                     1.0000001192092896f};
  for (V& value : p) value = hn::Set(kTag, 0.001327647129073739f);
  for (const float coefficient : kCoefficients)
    for (int i = 0; i < N; ++i) p[i] = hn::MulAdd(p[i], x[i], hn::Set(kTag, coefficient));
  for (int i = 0; i < N; ++i) {
    const auto exponent = hn::ShiftLeft<23>(hn::BitCast(int_tag, shifted[i]));
    x[i] = hn::BitCast(kTag, hn::Add(hn::BitCast(int_tag, p[i]), exponent));
  }
}

// log2 x for positive normal x: absolute error below 3e-7 near 1. x = 2^e · (1 + t) with 1 + t in
// [√½, √2), then t times a polynomial of degree 7 in t, fitted as above; in pairs of terms, which
// wait less on one another.
HWY_INLINE V Log2(V x) {
  const hn::RebindToSigned<Tag> int_tag;
  const auto bits = hn::BitCast(int_tag, x);
  const auto exponent =
      hn::ShiftRight<23>(hn::Sub(bits, hn::Set(int_tag, 0x3f3504f3)));  // the bits of √½
  const V t =
      hn::Sub(hn::BitCast(kTag, hn::Sub(bits, hn::ShiftLeft<23>(exponent))), hn::Set(kTag, 1.0f));
  const auto pair = [&](float linear, float constant) HWY_ATTR {
    return hn::MulAdd(hn::Set(kTag, linear), t, hn::Set(kTag, constant));
  };
  const V t2 = hn::Mul(t, t);
  const V high = hn::MulAdd(pair(-0.1458115130662918f, 0.23404230177402496f), t2,
                            pair(-0.2488768845796585f, 0.2870987057685852f));
  const V low = hn::MulAdd(pair(-0.3602396249771118f, 0.48092323541641235f), t2,
                           pair(-0.7213528156280518f, 1.442694902420044f));
  const V p = hn::MulAdd(high, hn::Mul(t2, t2), low);
  return hn::MulAdd(p, t, hn::ConvertTo(kTag, exponent));
}

// Adds the lanes of float vectors in double: log-likelihoods of many samples keep their small
// changes.
struct DoubleSum {
  static constexpr hn::Repartition<double, Tag> kWide{};
  static constexpr hn::Half<Tag> kHalf{};
  hn::Vec<decltype(kWide)> low, high;

  HWY_INLINE DoubleSum() : low(hn::Zero(kWide)), high(hn::Zero(kWide)) {}
  HWY_INLINE void Add(V v) {
    low = hn::Add(low, hn::PromoteTo(kWide, hn::LowerHalf(kHalf, v)));
    high = hn::Add(high, hn::PromoteTo(kWide, hn::UpperHalf(kHalf, v)));
  }
  HWY_INLINE double Total() const { return hn::GetLane(hn::SumOfLanes(kWide, hn::Add(low, high))); }
};

}  // namespace HWY_NAMESPACE
}  // namespace gmmseg
HWY_AFTER_NAMESPACE();

#endif  // once per target
