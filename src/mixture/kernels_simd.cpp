// The kernels with Highway: this file is compiled once for every instruction set and chosen from at
// run time. Three short passes over a run of samples, so that each pass keeps what it needs in
// registers:
//   1. log2 densities, component by component;  2. soft-max over the components;  3. sums,
//   component by component.

#include <algorithm>
#include <limits>

#include "mixture/kernels.h"

// The AVX-512 refinements bring nothing here, and arrays of scalable vectors (SVE, RVV) do not
// exist.
#define HWY_DISABLED_TARGETS \
  (HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mixture/kernels_simd.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gmmseg {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128

// Highway's emulation of vectors would be slower than the plain version.
Kernels GetKernels() { return ScalarKernels(); }

#else

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<float>;
using V = hn::Vec<Tag>;
constexpr Tag kTag;
constexpr int kLanes = HWY_MAX_BYTES / sizeof(float);

// Features of a block up to which its matrix is held in registers.
constexpr int kMaxUnrolled = 6;

double Total(V v) { return static_cast<double>(hn::GetLane(hn::SumOfLanes(kTag, v))); }

// 2^x for x in [-126, 126]: relative error below 2e-7. A polynomial of degree 5 on [-½, ½], fitted
// for the least largest relative error, times an exact power of two.
HWY_INLINE V Exp2(V x) {
  const hn::RebindToSigned<Tag> int_tag;
  const auto whole = hn::NearestInt(x);
  const V t = hn::Sub(x, hn::ConvertTo(kTag, whole));
  V p = hn::Set(kTag, 0.001327647129073739f);
  p = hn::MulAdd(p, t, hn::Set(kTag, 0.009675540961325169f));
  p = hn::MulAdd(p, t, hn::Set(kTag, 0.05550713092088699f));
  p = hn::MulAdd(p, t, hn::Set(kTag, 0.24022120237350464f));
  p = hn::MulAdd(p, t, hn::Set(kTag, 0.6931469440460205f));
  p = hn::MulAdd(p, t, hn::Set(kTag, 1.0000001192092896f));
  return hn::BitCast(kTag, hn::Add(hn::BitCast(int_tag, p), hn::ShiftLeft<23>(whole)));
}

// log2 x for positive normal x: absolute error below 3e-7 near 1. x = 2^e · (1 + t) with 1 + t in
// [√½, √2), then t times a polynomial of degree 7 in t, fitted as above.
HWY_INLINE V Log2(V x) {
  const hn::RebindToSigned<Tag> int_tag;
  const auto bits = hn::BitCast(int_tag, x);
  const auto exponent =
      hn::ShiftRight<23>(hn::Sub(bits, hn::Set(int_tag, 0x3f3504f3)));  // the bits of √½
  const V t =
      hn::Sub(hn::BitCast(kTag, hn::Sub(bits, hn::ShiftLeft<23>(exponent))), hn::Set(kTag, 1.0f));
  V p = hn::Set(kTag, -0.1458115130662918f);
  p = hn::MulAdd(p, t, hn::Set(kTag, 0.23404230177402496f));
  p = hn::MulAdd(p, t, hn::Set(kTag, -0.2488768845796585f));
  p = hn::MulAdd(p, t, hn::Set(kTag, 0.2870987057685852f));
  p = hn::MulAdd(p, t, hn::Set(kTag, -0.3602396249771118f));
  p = hn::MulAdd(p, t, hn::Set(kTag, 0.48092323541641235f));
  p = hn::MulAdd(p, t, hn::Set(kTag, -0.7213528156280518f));
  p = hn::MulAdd(p, t, hn::Set(kTag, 1.442694902420044f));
  return hn::MulAdd(p, t, hn::ConvertTo(kTag, exponent));
}

// Samples first…first+count-1 of a tile; count is rounded up to whole vectors by the loops.
struct Run {
  const KernelModel& model;
  const TileView& tile;
  std::int64_t first, count;

  const float* Plane(int d) const { return tile.planes + d * tile.stride + first; }
  const float* weights() const { return tile.weights + first; }
};

// Pass 1 for one block of `Size` features: start[i] − ‖A (x − μ)‖², matrix and mean in registers.
// `start` is the constant for the first block, the row itself for later ones.
template <int Size, typename Start>
HWY_INLINE void BlockDensities(const Run& run, int k, const FeatureBlock& block,
                               const float* HWY_RESTRICT factor, const Start& start,
                               float* HWY_RESTRICT row) {
  V a[Size * (Size + 1) / 2], mean[Size];
  const float* x[Size];
  for (int p = 0; p < Size * (Size + 1) / 2; ++p) a[p] = hn::Set(kTag, factor[p]);
  for (int d = 0; d < Size; ++d) {
    mean[d] = hn::Set(kTag, run.model.Mean(k)[block.first + d]);
    x[d] = run.Plane(block.first + d);
  }
  for (std::int64_t i = 0; i < run.count; i += kLanes) {
    V y[Size];
    V result = start(i);
    for (int d = 0, p = 0; d < Size; ++d) {
      y[d] = hn::Sub(hn::Load(kTag, x[d] + i), mean[d]);
      V z = hn::Mul(a[p++], y[0]);
      for (int e = 1; e <= d; ++e) z = hn::MulAdd(a[p++], y[e], z);
      result = hn::NegMulAdd(z, z, result);
    }
    hn::Store(result, kTag, row + i);
  }
}

// The same for a block of any size: the residuals of one vector of samples go through the whole
// matrix.
template <typename Start>
void LargeBlockDensities(const Run& run, int k, const FeatureBlock& block,
                         const float* HWY_RESTRICT factor, const Start& start,
                         float* HWY_RESTRICT row) {
  AlignedBuffer<float> residuals(static_cast<std::size_t>(block.size) * kLanes);
  const float* mean = run.model.Mean(k) + block.first;
  for (std::int64_t i = 0; i < run.count; i += kLanes) {
    for (int d = 0; d < block.size; ++d) {
      const V x = hn::Load(kTag, run.Plane(block.first + d) + i);
      hn::Store(hn::Sub(x, hn::Set(kTag, mean[d])), kTag, residuals.data() + d * kLanes);
    }
    V result = start(i);
    const float* a = factor;
    for (int d = 0; d < block.size; ++d) {
      V z = hn::Zero(kTag);
      for (int e = 0; e <= d; ++e)
        z = hn::MulAdd(hn::Set(kTag, *a++), hn::Load(kTag, residuals.data() + e * kLanes), z);
      result = hn::NegMulAdd(z, z, result);
    }
    hn::Store(result, kTag, row + i);
  }
}

template <typename Start>
void AnyBlockDensities(const Run& run, int k, const FeatureBlock& block, const float* factor,
                       const Start& start, float* row) {
  switch (block.size) {
    case 1:
      return BlockDensities<1>(run, k, block, factor, start, row);
    case 2:
      return BlockDensities<2>(run, k, block, factor, start, row);
    case 3:
      return BlockDensities<3>(run, k, block, factor, start, row);
    case 4:
      return BlockDensities<4>(run, k, block, factor, start, row);
    case 5:
      return BlockDensities<5>(run, k, block, factor, start, row);
    case kMaxUnrolled:
      return BlockDensities<kMaxUnrolled>(run, k, block, factor, start, row);
    default:
      return LargeBlockDensities(run, k, block, factor, start, row);
  }
}

// Pass 1: rows[k·stride + i] = log2 (π_k p_k(x_i)).
void LogDensities(const Run& run, float* rows, std::int64_t stride) {
  for (int k = 0; k < run.model.num_components; ++k) {
    float* row = rows + k * stride;
    const float* factor = run.model.Factor(k);
    const V constant = hn::Set(kTag, run.model.constants[k]);
    for (const FeatureBlock& block : run.model.blocks) {
      if (block.first == 0)
        AnyBlockDensities(
            run, k, block, factor, [&](std::int64_t) { return constant; }, row);
      else
        AnyBlockDensities(
            run, k, block, factor, [&](std::int64_t i) { return hn::Load(kTag, row + i); }, row);
      factor += block.size * (block.size + 1) / 2;
    }
  }
}

// Pass 2 for one vector of samples: rows become scale · 2^(row − log2 Σ 2^row), and the logarithm
// is returned. `Count` components are held in registers; 0 stands for any number of them. Far
// components keep 2^-100 of the largest: nothing becomes denormal, which would be slow.
template <int Count>
HWY_INLINE V SoftMax(float* HWY_RESTRICT rows, std::int64_t stride, int num_components, V scale) {
  const int n = Count > 0 ? Count : num_components;
  V largest = hn::Set(kTag, -1e30f);  // where every density underflows, all components share alike
  for (int k = 0; k < n; ++k) largest = hn::Max(largest, hn::Load(kTag, rows + k * stride));
  V sum = hn::Zero(kTag);
  const auto term = [&](int k) {
    const V x = hn::Sub(hn::Load(kTag, rows + k * stride), largest);
    const V e = Exp2(hn::Max(x, hn::Set(kTag, -100.0f)));
    sum = hn::Add(sum, e);
    return e;
  };
  if constexpr (Count > 0) {
    V e[Count];
    for (int k = 0; k < Count; ++k) e[k] = term(k);
    const V factor = hn::Div(scale, sum);
    for (int k = 0; k < Count; ++k) hn::Store(hn::Mul(e[k], factor), kTag, rows + k * stride);
  } else {
    for (int k = 0; k < n; ++k) hn::Store(term(k), kTag, rows + k * stride);
    const V factor = hn::Div(scale, sum);
    for (int k = 0; k < n; ++k)
      hn::Store(hn::Mul(hn::Load(kTag, rows + k * stride), factor), kTag, rows + k * stride);
  }
  return hn::Add(largest, Log2(sum));
}

// Calls body(std::integral_constant<int, Count>) with the number of components where it is small,
// else with 0.
template <typename Body>
void WithCount(int num_components, const Body& body) {
  switch (num_components) {
    case 1:
      return body(std::integral_constant<int, 1>());
    case 2:
      return body(std::integral_constant<int, 2>());
    case 3:
      return body(std::integral_constant<int, 3>());
    case 4:
      return body(std::integral_constant<int, 4>());
    case 5:
      return body(std::integral_constant<int, 5>());
    case 6:
      return body(std::integral_constant<int, 6>());
    case 7:
      return body(std::integral_constant<int, 7>());
    case 8:
      return body(std::integral_constant<int, 8>());
    default:
      return body(std::integral_constant<int, 0>());
  }
}

// Adds the lanes of two float vectors in double: log-likelihoods of many samples keep their small
// changes.
struct DoubleSum {
  static constexpr hn::Repartition<double, Tag> kWide{};
  static constexpr hn::Half<Tag> kHalf{};
  hn::Vec<decltype(kWide)> low, high;

  HWY_INLINE DoubleSum() : low(hn::Zero(kWide)), high(hn::Zero(kWide)) {}
  HWY_INLINE void AddProduct(V a, V b) {
    const auto promote_low = [](V v) { return hn::PromoteTo(kWide, hn::LowerHalf(kHalf, v)); };
    const auto promote_high = [](V v) { return hn::PromoteTo(kWide, hn::UpperHalf(kHalf, v)); };
    low = hn::MulAdd(promote_low(a), promote_low(b), low);
    high = hn::MulAdd(promote_high(a), promote_high(b), high);
  }
  double Total() const { return hn::GetLane(hn::SumOfLanes(kWide, hn::Add(low, high))); }
};

// Pass 2 of accumulation: responsibilities times weights, and the totals of the run.
void WeightedSoftMax(const Run& run, float* rows, TileSums& sums) {
  WithCount(run.model.num_components, [&](auto count) {
    const V infinity = hn::Set(kTag, std::numeric_limits<float>::infinity());
    V n = hn::Zero(kTag), lowest = infinity;
    DoubleSum log2_likelihood;
    for (std::int64_t i = 0; i < run.count; i += kLanes) {
      const V weight = hn::Load(kTag, run.weights() + i);
      const V log2_density = SoftMax<count()>(rows + i, kRun, run.model.num_components, weight);
      const V present = hn::IfThenElse(hn::Gt(weight, hn::Zero(kTag)), log2_density, infinity);
      hn::Store(present, kTag, sums.log2_densities.data() + run.first + i);
      lowest = hn::Min(lowest, present);
      n = hn::Add(n, weight);
      log2_likelihood.AddProduct(weight, log2_density);
    }
    sums.n += Total(n);
    sums.log2_likelihood += log2_likelihood.Total();
    sums.lowest_log2_density =
        std::min(sums.lowest_log2_density, hn::GetLane(hn::MinOfLanes(kTag, lowest)));
  });
}

// Pass 3 for one block of `Size` features: Σ r, Σ r y and Σ r y yᵀ of the run, y = x − μ, all sums
// in registers.
template <int Size>
HWY_INLINE void BlockMoments(const Run& run, int k, const FeatureBlock& block,
                             const float* HWY_RESTRICT r, double* s0, double* s1, double* s2) {
  V mean[Size], first[Size], second[Size * (Size + 1) / 2];
  const float* x[Size];
  for (int d = 0; d < Size; ++d) {
    mean[d] = hn::Set(kTag, run.model.Mean(k)[block.first + d]);
    x[d] = run.Plane(block.first + d);
    first[d] = hn::Zero(kTag);
  }
  for (V& sum : second) sum = hn::Zero(kTag);
  V zeroth = hn::Zero(kTag);
  for (std::int64_t i = 0; i < run.count; i += kLanes) {
    const V weight = hn::Load(kTag, r + i);
    V y[Size];
    zeroth = hn::Add(zeroth, weight);
    for (int d = 0, p = 0; d < Size; ++d) {
      y[d] = hn::Sub(hn::Load(kTag, x[d] + i), mean[d]);
      const V weighted = hn::Mul(weight, y[d]);
      first[d] = hn::Add(first[d], weighted);
      for (int e = 0; e <= d; ++e, ++p) second[p] = hn::MulAdd(weighted, y[e], second[p]);
    }
  }
  if (block.first == 0) *s0 += Total(zeroth);
  for (int d = 0; d < Size; ++d) s1[block.first + d] += Total(first[d]);
  for (int p = 0; p < Size * (Size + 1) / 2; ++p) s2[p] += Total(second[p]);
}

// One row of a large block's second moments, `Columns` of them at a time: Σ r y_row y_column for
// column = begin…begin+Columns-1.
template <int Columns>
HWY_INLINE void MomentPanel(const Run& run, const float* mean, const FeatureBlock& block,
                            const float* HWY_RESTRICT r, int row, int begin, double* s2) {
  V sums[Columns];
  for (V& sum : sums) sum = hn::Zero(kTag);
  const V row_mean = hn::Set(kTag, mean[row]);
  for (std::int64_t i = 0; i < run.count; i += kLanes) {
    const V residual = hn::Sub(hn::Load(kTag, run.Plane(block.first + row) + i), row_mean);
    const V weighted = hn::Mul(hn::Load(kTag, r + i), residual);
    for (int c = 0; c < Columns; ++c) {
      const V x = hn::Load(kTag, run.Plane(block.first + begin + c) + i);
      sums[c] = hn::MulAdd(weighted, hn::Sub(x, hn::Set(kTag, mean[begin + c])), sums[c]);
    }
  }
  for (int c = 0; c < Columns; ++c) s2[c] += Total(sums[c]);
}

// Pass 3 for a block of any size.
void LargeBlockMoments(const Run& run, int k, const FeatureBlock& block, const float* r, double* s0,
                       double* s1, double* s2) {
  const float* mean = run.model.Mean(k) + block.first;
  double* s2_row = s2;
  for (int row = 0; row < block.size; ++row) {
    constexpr int kPanel = 8;
    int column = 0;
    for (; column + kPanel <= row + 1; column += kPanel)
      MomentPanel<kPanel>(run, mean, block, r, row, column, s2_row + column);
    for (; column <= row; ++column)
      MomentPanel<1>(run, mean, block, r, row, column, s2_row + column);
    s2_row += row + 1;
  }
  for (int d = 0; d < block.size; ++d) {
    const V mean_d = hn::Set(kTag, mean[d]);
    V zeroth = hn::Zero(kTag), first = hn::Zero(kTag);
    for (std::int64_t i = 0; i < run.count; i += kLanes) {
      const V weight = hn::Load(kTag, r + i);
      zeroth = hn::Add(zeroth, weight);
      first = hn::MulAdd(weight, hn::Sub(hn::Load(kTag, run.Plane(block.first + d) + i), mean_d),
                         first);
    }
    if (block.first + d == 0) *s0 += Total(zeroth);
    s1[block.first + d] += Total(first);
  }
}

void AnyBlockMoments(const Run& run, int k, const FeatureBlock& block, const float* r, double* s0,
                     double* s1, double* s2) {
  switch (block.size) {
    case 1:
      return BlockMoments<1>(run, k, block, r, s0, s1, s2);
    case 2:
      return BlockMoments<2>(run, k, block, r, s0, s1, s2);
    case 3:
      return BlockMoments<3>(run, k, block, r, s0, s1, s2);
    case 4:
      return BlockMoments<4>(run, k, block, r, s0, s1, s2);
    case 5:
      return BlockMoments<5>(run, k, block, r, s0, s1, s2);
    case kMaxUnrolled:
      return BlockMoments<kMaxUnrolled>(run, k, block, r, s0, s1, s2);
    default:
      return LargeBlockMoments(run, k, block, r, s0, s1, s2);
  }
}

// Pass 3.
void Moments(const Run& run, const float* rows, TileSums& sums) {
  for (int k = 0; k < run.model.num_components; ++k) {
    double* s1 = sums.s1.data() + k * run.model.num_features;
    double* s2 = sums.s2.data() + static_cast<std::size_t>(k) * run.model.packed_size;
    for (const FeatureBlock& block : run.model.blocks) {
      AnyBlockMoments(run, k, block, rows + k * kRun, &sums.s0[k], s1, s2);
      s2 += block.size * (block.size + 1) / 2;
    }
  }
}

void Accumulate(const KernelModel& model, const TileView& tile, TileSums& sums) {
  for (std::int64_t first = 0; first < tile.count; first += kRun) {
    const Run run{model, tile, first, std::min(kRun, tile.count - first)};
    float* rows = sums.scratch.data();
    LogDensities(run, rows, kRun);
    WeightedSoftMax(run, rows, sums);
    Moments(run, rows, sums);
  }
}

void Evaluate(const KernelModel& model, const TileView& tile, float* posteriors,
              std::int64_t stride, float* log2_densities) {
  for (std::int64_t first = 0; first < tile.count; first += kRun) {
    const Run run{model, tile, first, std::min(kRun, tile.count - first)};
    float* rows = posteriors + first;
    LogDensities(run, rows, stride);
    WithCount(model.num_components, [&](auto count) {
      const V one = hn::Set(kTag, 1.0f);
      for (std::int64_t i = 0; i < run.count; i += kLanes)
        hn::Store(SoftMax<count()>(rows + i, stride, model.num_components, one), kTag,
                  log2_densities + first + i);
    });
  }
}

Kernels GetKernels() { return {hwy::TargetName(HWY_TARGET), &Accumulate, &Evaluate}; }

#endif  // emulation

}  // namespace HWY_NAMESPACE
}  // namespace gmmseg
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gmmseg {
namespace {

HWY_EXPORT(GetKernels);

// One entry per compiled instruction set that this machine has, best first, then the scalar
// kernels.
std::vector<Kernels> CollectKernels() {
  std::vector<Kernels> kernels;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    if (target == HWY_SCALAR || target == HWY_EMU128) continue;
    hwy::SetSupportedTargetsForTest(target);
    kernels.push_back(HWY_DYNAMIC_DISPATCH(GetKernels)());
  }
  hwy::SetSupportedTargetsForTest(0);
  kernels.push_back(ScalarKernels());
  return kernels;
}

}  // namespace

const std::vector<Kernels>& AvailableKernels() {
  static const std::vector<Kernels> kernels = CollectKernels();
  return kernels;
}

}  // namespace gmmseg
#endif  // HWY_ONCE
