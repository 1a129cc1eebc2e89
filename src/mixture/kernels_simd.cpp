// The kernels with Highway: this file is compiled once for every instruction set and chosen from at
// run time. Samples go through in runs that stay in the first-level cache, in three short passes so
// that each keeps what it needs in registers:
//   1. log2 densities;  2. soft-max over the components, or hard;  3. sums, component by component.
// Passes made one would be slower: longer chains of steps that wait on one another.

#include <algorithm>

#include "mixture/kernels.h"

// The AVX-512 refinements bring nothing here, and arrays of scalable vectors (SVE, RVV) do not
// exist.
#define HWY_DISABLED_TARGETS \
  (HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mixture/kernels_simd.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
#include "mixture/kernels_large-inl.h"
#include "mixture/kernels_math-inl.h"
#include "mixture/kernels_small-inl.h"
#endif

HWY_BEFORE_NAMESPACE();
namespace gmmseg {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128

// Highway's emulation of vectors would be slower than the plain version.
Kernels GetKernels() { return ScalarKernels(); }

#else

// Vectors of samples that share a load of the model's numbers; wide ones take those with the
// operation.
constexpr int kAbreast = kLanes >= 16 ? 1 : 2;

// Pass 1: rows[k·stride + i] = log2 (π_k p_k(x_i)).
void LogDensities(const Run& run, float* rows, std::int64_t stride) {
  const KernelModel& model = run.model;
  for (const KernelBlock& block : model.kernel_blocks) {
    const auto subtract = [&](const auto& small) HWY_ATTR {
      std::int64_t i = 0;
      for (; i + kAbreast * kLanes <= run.count; i += kAbreast * kLanes)
        small.template Subtract<kAbreast>(i, rows, stride);
      for (; i < run.count; i += kLanes) small.template Subtract<1>(i, rows, stride);
    };
    if (!WithSmallBlock(run, block, subtract)) SubtractLargeBlock(run, block, rows, stride);
  }
}

// Pass 2 yields the shares of the components and, per sample, two numbers of which log2 p(x) comes:
// the largest log2 density, and the sum of all densities over that.
struct Peaks {
  float *largest, *sum;
};

// Where every density underflows, all components share alike.
constexpr float kLowest = -1e30f;
// Far components keep 2^-100 of the largest: nothing becomes denormal, which would be slow.
constexpr float kFarthest = -100.0f;

// Combines values in pairs, then pairs of pairs.
template <int kCount, typename Combine>
HWY_INLINE V Reduce(const V* values, const Combine& combine) {
  if constexpr (kCount == 1) {
    return values[0];
  } else {
    constexpr int kHalf = kCount / 2;
    return combine(Reduce<kHalf>(values, combine), Reduce<kCount - kHalf>(values + kHalf, combine));
  }
}

// Pass 2 for a few vectors of samples, all components in registers: rows become scale · 2^(row −
// log2 Σ 2^row).
template <int kCount, int kVectors, typename Scale>
HWY_INLINE void SoftMaxOfVectors(std::int64_t i, float* HWY_RESTRICT rows, std::int64_t stride,
                                 const Scale& scale, const Peaks& peaks) {
  V e[kVectors * kCount], largest[kVectors];
  for (int v = 0; v < kVectors; ++v) {
    V* of_vector = e + v * kCount;
    for (int k = 0; k < kCount; ++k)
      of_vector[k] = hn::Load(kTag, rows + k * stride + i + v * kLanes);
    largest[v] = Reduce<kCount>(of_vector, [](V a, V b) HWY_ATTR { return hn::Max(a, b); });
    largest[v] = hn::Max(largest[v], hn::Set(kTag, kLowest));
    hn::Store(largest[v], kTag, peaks.largest + i + v * kLanes);
  }
  for (int j = 0; j < kVectors * kCount; ++j)
    e[j] = hn::Max(hn::Sub(e[j], largest[j / kCount]), hn::Set(kTag, kFarthest));
  Exp2(e);
  for (int v = 0; v < kVectors; ++v) {
    const V* of_vector = e + v * kCount;
    const V sum = Reduce<kCount>(of_vector, [](V a, V b) HWY_ATTR { return hn::Add(a, b); });
    hn::Store(sum, kTag, peaks.sum + i + v * kLanes);
    const V factor = hn::Div(scale(i + v * kLanes), sum);
    for (int k = 0; k < kCount; ++k)
      hn::Store(hn::Mul(of_vector[k], factor), kTag, rows + k * stride + i + v * kLanes);
  }
}

// Pass 2 for K components.
template <int kCount, typename Scale>
void SoftMax(const Run& run, float* rows, std::int64_t stride, const Scale& scale,
             const Peaks& peaks) {
  constexpr int kVectors = std::max(1, 8 / kCount);  // enough values to hide how long each takes
  std::int64_t i = 0;
  for (; i + kVectors * kLanes <= run.count; i += kVectors * kLanes)
    SoftMaxOfVectors<kCount, kVectors>(i, rows, stride, scale, peaks);
  for (; i < run.count; i += kLanes) SoftMaxOfVectors<kCount, 1>(i, rows, stride, scale, peaks);
}

// The same for any number of components, kept in the rows.
template <typename Scale>
void SoftMaxOfMany(const Run& run, float* HWY_RESTRICT rows, std::int64_t stride,
                   const Scale& scale, const Peaks& peaks) {
  const int count = run.model.num_components;
  for (std::int64_t i = 0; i < run.count; i += kLanes) {
    float* HWY_RESTRICT row = rows + i;
    V largest = hn::Set(kTag, kLowest), sum = hn::Zero(kTag);
    for (int k = 0; k < count; ++k) largest = hn::Max(largest, hn::Load(kTag, row + k * stride));
    for (int k = 0; k < count; ++k) {
      const V difference = hn::Sub(hn::Load(kTag, row + k * stride), largest);
      V e[1] = {hn::Max(difference, hn::Set(kTag, kFarthest))};
      Exp2(e);
      hn::Store(e[0], kTag, row + k * stride);
      sum = hn::Add(sum, e[0]);
    }
    const V factor = hn::Div(scale(i), sum);
    for (int k = 0; k < count; ++k)
      hn::Store(hn::Mul(hn::Load(kTag, row + k * stride), factor), kTag, row + k * stride);
    hn::Store(largest, kTag, peaks.largest + i);
    hn::Store(sum, kTag, peaks.sum + i);
  }
}

// Pass 2 where samples belong to one component each: the first of the largest rows becomes the
// scale, the others 0.
template <typename Scale>
void HardMax(const Run& run, float* HWY_RESTRICT rows, std::int64_t stride, const Scale& scale,
             const Peaks& peaks) {
  const int count = run.model.num_components;
  for (std::int64_t i = 0; i < run.count; i += kLanes) {
    float* HWY_RESTRICT row = rows + i;
    V largest = hn::Load(kTag, row);
    for (int k = 1; k < count; ++k) largest = hn::Max(largest, hn::Load(kTag, row + k * stride));
    V left = scale(i);
    for (int k = 0; k < count; ++k) {
      const auto is_largest = hn::Eq(hn::Load(kTag, row + k * stride), largest);
      hn::Store(hn::IfThenElseZero(is_largest, left), kTag, row + k * stride);
      left = hn::IfThenZeroElse(is_largest, left);
    }
    hn::Store(hn::Max(largest, hn::Set(kTag, kLowest)), kTag, peaks.largest + i);
    hn::Store(hn::Set(kTag, 1.0f), kTag, peaks.sum + i);
  }
}

// Pass 2.
template <typename Scale>
void Share(const Run& run, float* rows, std::int64_t stride, const Scale& scale,
           const Peaks& peaks) {
  if (run.model.membership == Membership::kHard) return HardMax(run, rows, stride, scale, peaks);
  switch (run.model.num_components) {
    case 1:
      return SoftMax<1>(run, rows, stride, scale, peaks);
    case 2:
      return SoftMax<2>(run, rows, stride, scale, peaks);
    case 3:
      return SoftMax<3>(run, rows, stride, scale, peaks);
    case 4:
      return SoftMax<4>(run, rows, stride, scale, peaks);
    case 5:
      return SoftMax<5>(run, rows, stride, scale, peaks);
    case 6:
      return SoftMax<6>(run, rows, stride, scale, peaks);
    case 7:
      return SoftMax<7>(run, rows, stride, scale, peaks);
    case 8:
      return SoftMax<8>(run, rows, stride, scale, peaks);
    default:
      return SoftMaxOfMany(run, rows, stride, scale, peaks);
  }
}

// log2 p(x_i).
HWY_INLINE V LogDensity(const Peaks& peaks, std::int64_t i) {
  return hn::Add(hn::Load(kTag, peaks.largest + i), Log2(hn::Load(kTag, peaks.sum + i)));
}

// Σ weight · log2 p(x) over a few vectors of samples. Where every weight is 1, one logarithm of a
// product serves all: the sums lie between 1 and K, and four of them within a float. Where every
// density underflowed they are next to nothing, and nothing that counts beside such a peak.
template <int kVectors>
HWY_INLINE void AddLogDensities(std::int64_t i, const float* HWY_RESTRICT weights,
                                const Peaks& peaks, V& n, DoubleSum& log2_likelihood) {
  V weight[kVectors], largest[kVectors], sum[kVectors];
  const V one = hn::Set(kTag, 1.0f);
  auto all_one = hn::Eq(one, one);
  for (int v = 0; v < kVectors; ++v) {
    weight[v] = hn::Load(kTag, weights + i + v * kLanes);
    largest[v] = hn::Load(kTag, peaks.largest + i + v * kLanes);
    sum[v] = hn::Load(kTag, peaks.sum + i + v * kLanes);
    all_one = hn::And(all_one, hn::Eq(weight[v], one));
  }
  const auto add = [](V a, V b) HWY_ATTR { return hn::Add(a, b); };
  n = hn::Add(n, Reduce<kVectors>(weight, add));
  if (hn::AllTrue(kTag, all_one)) {
    const V product = Reduce<kVectors>(sum, [](V a, V b) HWY_ATTR { return hn::Mul(a, b); });
    const V normal = hn::Max(product, hn::Set(kTag, 0x1p-126f));
    log2_likelihood.Add(hn::Add(Log2(normal), Reduce<kVectors>(largest, add)));
    return;
  }
  for (int v = 0; v < kVectors; ++v)
    log2_likelihood.Add(hn::Mul(weight[v], hn::Add(largest[v], Log2(sum[v]))));
}

void AddTotals(const Run& run, const Peaks& peaks, TileSums& sums) {
  V n = hn::Zero(kTag);
  DoubleSum log2_likelihood;
  constexpr int kVectors = 4;
  std::int64_t i = 0;
  for (; i + kVectors * kLanes <= run.count; i += kVectors * kLanes)
    AddLogDensities<kVectors>(i, run.weights(), peaks, n, log2_likelihood);
  for (; i < run.count; i += kLanes)
    AddLogDensities<1>(i, run.weights(), peaks, n, log2_likelihood);
  sums.n += Total(n);
  sums.log2_likelihood += log2_likelihood.Total();
}

// Pass 3.
void Moments(const Run& run, const float* rows, TileSums& sums) {
  const KernelModel& model = run.model;
  for (const KernelBlock& block : model.kernel_blocks) {
    const auto for_each_component = [&](const auto& add) {
      for (int k = 0; k < model.num_components; ++k)
        add(k, rows + k * kRowStride,
            BlockSums{block.first == 0 ? &sums.s0[k] : nullptr,
                      sums.s1.data() + k * model.num_features + block.first,
                      sums.s2.data() + static_cast<std::ptrdiff_t>(k) * model.packed_size +
                          block.packed});
    };
    const bool small = WithSmallBlock(run, block, [&](const auto& b) {
      for_each_component([&](int k, const float* r, const BlockSums& s) { b.AddMoments(k, r, s); });
    });
    if (small) continue;
    Slice slice(block);
    for (std::int64_t first = 0; first < run.count; first += kSlice) {
      slice.Turn(run, first);
      for_each_component(
          [&](int k, const float* r, const BlockSums& s) { slice.AddMoments(run, k, r, s); });
    }
  }
}

void Accumulate(const KernelModel& model, const TileView& tile, TileSums& sums) {
  float* rows = sums.scratch.data();
  const Peaks peaks{rows + model.num_components * kRowStride,
                    rows + (model.num_components + 1) * kRowStride};
  for (std::int64_t first = 0; first < tile.count; first += kRun) {
    const Run run{model, tile, first, std::min(kRun, tile.count - first)};
    const float* weights = run.weights();
    LogDensities(run, rows, kRowStride);
    Share(
        run, rows, kRowStride, [=](std::int64_t i) HWY_ATTR { return hn::Load(kTag, weights + i); },
        peaks);
    AddTotals(run, peaks, sums);
    Moments(run, rows, sums);
  }
}

void Evaluate(const KernelModel& model, const TileView& tile, float* posteriors,
              std::int64_t stride, float* log2_densities) {
  alignas(kAlignment) float sum[kRun];
  for (std::int64_t first = 0; first < tile.count; first += kRun) {
    const Run run{model, tile, first, std::min(kRun, tile.count - first)};
    const Peaks peaks{log2_densities + first, sum};
    LogDensities(run, posteriors + first, stride);
    Share(
        run, posteriors + first, stride, [](std::int64_t) HWY_ATTR { return hn::Set(kTag, 1.0f); },
        peaks);
    for (std::int64_t i = 0; i < run.count; i += kLanes)
      hn::Store(LogDensity(peaks, i), kTag, peaks.largest + i);
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
