// Blocks of any size: small matrix products, held in registers. Included once per instruction set.

#if defined(GMMSEG_MIXTURE_KERNELS_LARGE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GMMSEG_MIXTURE_KERNELS_LARGE_INL_H_
#undef GMMSEG_MIXTURE_KERNELS_LARGE_INL_H_
#else
#define GMMSEG_MIXTURE_KERNELS_LARGE_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "mixture/kernels.h"
#include "mixture/kernels_small-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gmmseg {
namespace HWY_NAMESPACE {

// Rows of the factor at a time, and vectors of samples at a time.
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
template <int Vectors>
HWY_INLINE void DensityPanel(const Run& run, int k, const KernelBlock& block, std::int64_t i,
                             float* HWY_RESTRICT residuals, float* HWY_RESTRICT row) {
  const float* mean = run.model.Mean(k) + block.first;
  const float* factor = run.model.Factor(k) + block.packed;
  V result[Vectors];
  for (int v = 0; v < Vectors; ++v)
    result[v] = block.first == 0 ? hn::Set(kTag, run.model.constants[k])
                                 : hn::Load(kTag, row + i + v * kLanes);
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

// Takes ‖A_k (x − μ_k)‖² from the rows of all components.
inline void SubtractLargeBlock(const Run& run, const KernelBlock& block, float* rows,
                               std::int64_t stride) {
  constexpr int kWidth = kPanelVectors * kLanes;
  AlignedBuffer<float> residuals(static_cast<std::size_t>(block.size) * kWidth);
  for (int k = 0; k < run.model.num_components; ++k) {
    float* row = rows + k * stride;
    std::int64_t i = 0;
    for (; i + kWidth <= run.count; i += kWidth)
      DensityPanel<kPanelVectors>(run, k, block, i, residuals.data(), row);
    for (; i < run.count; i += kLanes) DensityPanel<1>(run, k, block, i, residuals.data(), row);
  }
}

// Moments: the samples are turned round, features in lanes, so that Σ r y yᵀ grows by outer
// products and needs no sum across lanes. Samples of a slice are held in the first-level cache.
constexpr std::int64_t kSlice = 128;

class Slice {
 public:
  explicit Slice(const KernelBlock& block)
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
  void AddMoments(const Run& run, int k, const float* r, const BlockSums& sums) {
    std::copy_n(run.model.Mean(k) + block_.first, block_.size, mean_.data());
    r += first_;
    if (sums.s0)
      for (std::int64_t i = 0; i < count_; ++i) *sums.s0 += r[i];
    for (int row = 0; row < block_.size; row += kPanelRows) {
      Weigh(run, row, r, sums.s1);
      int column = 0;
      for (; column + kPanelVectors * kLanes <= row; column += kPanelVectors * kLanes)
        AddPanel<kPanelVectors>(row, column, sums.s2);
      for (; column < std::min(row + kPanelRows, block_.size); column += kLanes)
        AddPanel<1>(row, column, sums.s2);
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

  const KernelBlock& block_;
  std::int64_t stride_, first_ = 0, count_ = 0;
  AlignedBuffer<float> turned_;    // kSlice × stride
  AlignedBuffer<float> weighted_;  // kPanelRows × kSlice
  AlignedBuffer<float> mean_;      // stride
};

}  // namespace HWY_NAMESPACE
}  // namespace gmmseg
HWY_AFTER_NAMESPACE();

#endif  // once per target
