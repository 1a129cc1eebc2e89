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

// What follows of pass 1 is for blocks of any size: small matrix products, held in registers. Rows
// of the factor at a time, and vectors of samples at a time:
constexpr int kPanelRows = 4;
constexpr int kPanelVectors = kLanes >= 16 ? 4 : 2;

// Rows d…d+Rows-1 of the factor times the residuals; their squares are taken from `result`.
template <int Rows, int Vectors>
HWY_INLINE void SubtractRows(const float* HWY_RESTRICT factor, int d,
                             const float* HWY_RESTRICT residuals, V (&result)[Vectors]) {
  constexpr int kWidth = Vectors * kLanes;
  V z[Rows][Vectors];
  const float* a[Rows];
  for (int r = 0; r < Rows; ++r) {
    a[r] = factor + static_cast<std::ptrdiff_t>(d + r) * (d + r + 1) / 2;
    for (V& sum : z[r]) sum = hn::Zero(kTag);
  }
  const auto add_column = [&](int e, int first_row) HWY_ATTR {
    V y[Vectors];
    for (int v = 0; v < Vectors; ++v) y[v] = hn::Load(kTag, residuals + e * kWidth + v * kLanes);
    for (int r = first_row; r < Rows; ++r) {
      const V entry = hn::Set(kTag, a[r][e]);
      for (int v = 0; v < Vectors; ++v) z[r][v] = hn::MulAdd(entry, y[v], z[r][v]);
    }
  };
  for (int e = 0; e <= d; ++e) add_column(e, 0);
  for (int r = 1; r < Rows; ++r) add_column(d + r, r);  // the triangle at the diagonal
  for (int r = 0; r < Rows; ++r)
    for (int v = 0; v < Vectors; ++v) result[v] = hn::NegMulAdd(z[r][v], z[r][v], result[v]);
}

// Samples i…i + Vectors·kLanes - 1 through the whole matrix.
template <int Vectors, typename Start>
HWY_INLINE void DensityPanel(const Run& run, int k, const FeatureBlock& block, const float* factor,
                             const Start& start, std::int64_t i, float* HWY_RESTRICT residuals,
                             float* HWY_RESTRICT row) {
  const float* mean = run.model.Mean(k) + block.first;
  V result[Vectors];
  for (int v = 0; v < Vectors; ++v) result[v] = start(i + v * kLanes);
  for (int d = 0; d < block.size; ++d)
    for (int v = 0; v < Vectors; ++v) {
      const V x = hn::Load(kTag, run.Plane(block.first + d) + i + v * kLanes);
      hn::Store(hn::Sub(x, hn::Set(kTag, mean[d])), kTag, residuals + (d * Vectors + v) * kLanes);
    }
  int d = 0;
  for (; d + kPanelRows <= block.size; d += kPanelRows)
    SubtractRows<kPanelRows>(factor, d, residuals, result);
  for (; d < block.size; ++d) SubtractRows<1>(factor, d, residuals, result);
  for (int v = 0; v < Vectors; ++v) hn::Store(result[v], kTag, row + i + v * kLanes);
}

template <typename Start>
void LargeBlockDensities(const Run& run, int k, const FeatureBlock& block, const float* factor,
                         const Start& start, float* row) {
  constexpr int kWidth = kPanelVectors * kLanes;
  AlignedBuffer<float> residuals(static_cast<std::size_t>(block.size) * kWidth);
  std::int64_t i = 0;
  for (; i + kWidth <= run.count; i += kWidth)
    DensityPanel<kPanelVectors>(run, k, block, factor, start, i, residuals.data(), row);
  for (; i < run.count; i += kLanes)
    DensityPanel<1>(run, k, block, factor, start, i, residuals.data(), row);
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

// Pass 3 for blocks of any size turns the samples round, features in lanes, so that Σ r y yᵀ grows
// by outer products and needs no sum across lanes. Samples of a slice are held in the first-level
// cache.
constexpr std::int64_t kSlice = 128;

class Slice {
 public:
  explicit Slice(const FeatureBlock& block)
      : block_(block),
        stride_((block.size + kPanelVectors * kLanes - 1) / (kPanelVectors * kLanes) *
                (kPanelVectors * kLanes)),
        turned_(kSlice * stride_),
        weighted_(kPanelRows * kSlice),
        mean_(stride_) {}

  // Takes samples first… of the run; the rest of the slice is 0.
  void Turn(const Run& run, std::int64_t first) {
    first_ = first;
    count_ = std::min(kSlice, run.count - first);
    for (int d = 0; d < block_.size; ++d) {
      const float* x = run.Plane(block_.first + d) + first;
      for (std::int64_t i = 0; i < count_; ++i) turned_[i * stride_ + d] = x[i];
    }
  }

  // Σ r, Σ r y and Σ r y yᵀ of component k.
  void AddMoments(const Run& run, int k, const float* r, double* s0, double* s1, double* s2) {
    std::copy_n(run.model.Mean(k) + block_.first, block_.size, mean_.data());
    r += first_;
    if (block_.first == 0)
      for (std::int64_t i = 0; i < count_; ++i) *s0 += r[i];
    for (int row = 0; row < block_.size; row += kPanelRows) {
      Weigh(run, row, r, s1 + block_.first);
      int column = 0;
      for (; column + kPanelVectors * kLanes <= row; column += kPanelVectors * kLanes)
        AddPanel<kPanelVectors>(row, column, s2);
      for (; column < std::min(row + kPanelRows, block_.size); column += kLanes)
        AddPanel<1>(row, column, s2);
    }
  }

 private:
  // r·y of kPanelRows features, 0 beyond the last one, and their sums.
  void Weigh(const Run& run, int row, const float* HWY_RESTRICT r, double* s1) {
    for (int p = 0; p < kPanelRows; ++p) {
      const bool present = row + p < block_.size;
      const float* x = run.Plane(block_.first + std::min(row + p, block_.size - 1)) + first_;
      const V mean = hn::Set(kTag, present ? mean_[row + p] : 0.0f);
      V sum = hn::Zero(kTag);
      for (std::int64_t i = 0; i < count_; i += kLanes) {
        const V weight = present ? hn::Load(kTag, r + i) : hn::Zero(kTag);
        const V weighted = hn::Mul(weight, hn::Sub(hn::Load(kTag, x + i), mean));
        hn::Store(weighted, kTag, weighted_.data() + p * kSlice + i);
        sum = hn::Add(sum, weighted);
      }
      if (present) s1[row + p] += Total(sum);
    }
  }

  // Second moments of rows row… with Vectors·kLanes columns from `column`.
  template <int Vectors>
  HWY_INLINE void AddPanel(int row, int column, double* s2) {
    V sums[kPanelRows][Vectors], mean[Vectors];
    for (auto& sums_of_row : sums)
      for (V& sum : sums_of_row) sum = hn::Zero(kTag);
    for (int v = 0; v < Vectors; ++v) mean[v] = hn::Load(kTag, mean_.data() + column + v * kLanes);
    const float* HWY_RESTRICT x = turned_.data() + column;
    for (std::int64_t i = 0; i < count_; ++i, x += stride_) {
      V y[Vectors];
      for (int v = 0; v < Vectors; ++v) y[v] = hn::Sub(hn::Load(kTag, x + v * kLanes), mean[v]);
      for (int p = 0; p < kPanelRows; ++p) {
        const V weighted = hn::Set(kTag, weighted_[p * kSlice + i]);
        for (int v = 0; v < Vectors; ++v) sums[p][v] = hn::MulAdd(weighted, y[v], sums[p][v]);
      }
    }
    for (int p = 0; p < kPanelRows && row + p < block_.size; ++p)
      AddRow<Vectors>(sums[p], row + p, column, s2);
  }

  // Into the packed triangle: row `row` starts at row·(row+1)/2 and ends at its diagonal.
  template <int Vectors>
  static HWY_INLINE void AddRow(const V (&sums)[Vectors], int row, int column, double* s2) {
    alignas(kAlignment) float values[Vectors * kLanes];
    for (int v = 0; v < Vectors; ++v) hn::Store(sums[v], kTag, values + v * kLanes);
    double* entries = s2 + static_cast<std::ptrdiff_t>(row) * (row + 1) / 2 + column;
    const int count = std::min(Vectors * kLanes, row + 1 - column);
    for (int c = 0; c < count; ++c) entries[c] += values[c];
  }

  const FeatureBlock& block_;
  std::int64_t stride_, first_ = 0, count_ = 0;
  AlignedBuffer<float> turned_;    // kSlice × stride
  AlignedBuffer<float> weighted_;  // kPanelRows × kSlice
  AlignedBuffer<float> mean_;      // stride
};

// The sums of component k that belong to one block.
struct BlockSums {
  double *s0, *s1, *s2;
};

void SmallBlockMoments(const Run& run, int k, const FeatureBlock& block, const float* r,
                       const BlockSums& sums) {
  const auto& [s0, s1, s2] = sums;
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
    default:
      return BlockMoments<kMaxUnrolled>(run, k, block, r, s0, s1, s2);
  }
}

// Calls add(k, rows of the component's weights, its sums) for every component.
template <typename Add>
void ForEachComponent(const KernelModel& model, const float* rows, std::ptrdiff_t packed,
                      TileSums& sums, const Add& add) {
  for (int k = 0; k < model.num_components; ++k)
    add(k, rows + k * kRun,
        BlockSums{&sums.s0[k], sums.s1.data() + k * model.num_features,
                  sums.s2.data() + static_cast<std::ptrdiff_t>(k) * model.packed_size + packed});
}

// Pass 3.
void Moments(const Run& run, const float* rows, TileSums& sums) {
  std::ptrdiff_t packed = 0;
  for (const FeatureBlock& block : run.model.blocks) {
    if (block.size <= kMaxUnrolled) {
      ForEachComponent(run.model, rows, packed, sums,
                       [&](int k, const float* r, const BlockSums& s) {
                         SmallBlockMoments(run, k, block, r, s);
                       });
    } else {
      Slice slice(block);
      for (std::int64_t first = 0; first < run.count; first += kSlice) {
        slice.Turn(run, first);
        ForEachComponent(run.model, rows, packed, sums,
                         [&](int k, const float* r, const BlockSums& s) {
                           slice.AddMoments(run, k, r, s.s0, s.s1, s.s2);
                         });
      }
    }
    packed += block.size * (block.size + 1) / 2;
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
