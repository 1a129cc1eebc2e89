// Blocks of few features: what a component's matrix needs is in registers or a load away. Included
// once per instruction set.

#if defined(GMMSEG_MIXTURE_KERNELS_SMALL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GMMSEG_MIXTURE_KERNELS_SMALL_INL_H_
#undef GMMSEG_MIXTURE_KERNELS_SMALL_INL_H_
#else
#define GMMSEG_MIXTURE_KERNELS_SMALL_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "mixture/kernels.h"
#include "mixture/kernels_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gmmseg {
namespace HWY_NAMESPACE {

// Samples first…first+count-1 of a tile; loops over `count` go on to whole vectors.
struct Run {
  const KernelModel& model;
  const TileView& tile;
  std::int64_t first, count;

  const float* Plane(int d) const { return tile.planes + d * tile.stride + first; }
  const float* weights() const { return tile.weights + first; }
};

// The sums of one component that belong to one block.
struct BlockSums {
  double *s0, *s1, *s2;  // s0: null but for the first block
};

// One block of `kSize` features, of a run's samples.
template <Shape kShape, int kSize>
class SmallBlock {
 public:
  static constexpr int kEntries = kShape == Shape::kFull ? kSize * (kSize + 1) / 2 : kSize;

  SmallBlock(const Run& run, const KernelBlock& block)
      : model_(run.model), block_(block), count_(run.count) {
    for (int d = 0; d < kSize; ++d) planes_[d] = run.Plane(block.first + d);
  }

  // Samples i… of a few vectors through all components: rows ← start − ‖A_k (x − μ_k)‖², where the
  // start is the component's constant for the first block and the row for later ones.
  template <int kVectors>
  HWY_INLINE void Subtract(std::int64_t i, float* HWY_RESTRICT rows, std::int64_t stride) const {
    V x[kVectors][kSize];
    for (int v = 0; v < kVectors; ++v)
      for (int d = 0; d < kSize; ++d) x[v][d] = hn::Load(kTag, planes_[d] + i + v * kLanes);
    float* HWY_RESTRICT place = rows + i;
    for (int k = 0; k < model_.num_components; ++k, place += stride) {
      V result[kVectors], y[kVectors][kSize];
      for (int v = 0; v < kVectors; ++v)
        result[v] = block_.first == 0 ? hn::Set(kTag, model_.constants[k])
                                      : hn::Load(kTag, place + v * kLanes);
      const float* HWY_RESTRICT mean = model_.Mean(k) + block_.first;
      const float* HWY_RESTRICT a = model_.Factor(k) + block_.packed;
      for (int d = 0; d < kSize; ++d) {
        V z[kVectors];
        for (int v = 0; v < kVectors; ++v) y[v][d] = hn::Sub(x[v][d], hn::Set(kTag, mean[d]));
        for (int v = 0; v < kVectors; ++v) z[v] = hn::Mul(hn::Set(kTag, *a), y[v][FirstColumn(d)]);
        ++a;
        for (int e = FirstColumn(d) + 1; e <= d; ++e, ++a)
          for (int v = 0; v < kVectors; ++v) z[v] = hn::MulAdd(hn::Set(kTag, *a), y[v][e], z[v]);
        for (int v = 0; v < kVectors; ++v) result[v] = hn::NegMulAdd(z[v], z[v], result[v]);
      }
      for (int v = 0; v < kVectors; ++v) hn::Store(result[v], kTag, place + v * kLanes);
    }
  }

  // Adds Σ r, Σ r y and the block's entries of Σ r y yᵀ, y = x − μ_k, held in registers.
  void AddMoments(int k, const float* HWY_RESTRICT r, const BlockSums& sums) const {
    V mean[kSize], first[kSize], second[kEntries];
    for (int d = 0; d < kSize; ++d) mean[d] = hn::Set(kTag, model_.Mean(k)[block_.first + d]);
    for (V& sum : first) sum = hn::Zero(kTag);
    for (V& sum : second) sum = hn::Zero(kTag);
    V zeroth = hn::Zero(kTag);
    for (std::int64_t i = 0; i < count_; i += kLanes) {
      const V weight = hn::Load(kTag, r + i);
      zeroth = hn::Add(zeroth, weight);
      V y[kSize];
      for (int d = 0, p = 0; d < kSize; ++d) {
        y[d] = hn::Sub(hn::Load(kTag, planes_[d] + i), mean[d]);
        const V weighted = hn::Mul(weight, y[d]);
        first[d] = hn::Add(first[d], weighted);
        for (int e = FirstColumn(d); e <= d; ++e, ++p)
          second[p] = hn::MulAdd(weighted, y[e], second[p]);
      }
    }
    if (sums.s0) *sums.s0 += Total(zeroth);
    for (int d = 0; d < kSize; ++d) sums.s1[d] += Total(first[d]);
    for (int p = 0; p < kEntries; ++p) sums.s2[p] += Total(second[p]);
  }

 private:
  static constexpr int FirstColumn(int row) { return kShape == Shape::kFull ? 0 : row; }

  const KernelModel& model_;
  const KernelBlock& block_;
  std::int64_t count_;
  const float* planes_[kSize];
};

// Calls body(small block) and returns true, or returns false for a block that is not small.
template <typename Body>
HWY_INLINE bool WithSmallBlock(const Run& run, const KernelBlock& block, const Body& body) {
  const auto call = [&](auto small) {
    body(small);
    return true;
  };
  if (block.shape == Shape::kDiagonal) {
    switch (block.size) {
      case 1:
        return call(SmallBlock<Shape::kDiagonal, 1>(run, block));
      case 2:
        return call(SmallBlock<Shape::kDiagonal, 2>(run, block));
      case 3:
        return call(SmallBlock<Shape::kDiagonal, 3>(run, block));
      case 4:
        return call(SmallBlock<Shape::kDiagonal, 4>(run, block));
      default:
        return false;
    }
  }
  switch (block.size) {
    case 2:
      return call(SmallBlock<Shape::kFull, 2>(run, block));
    case 3:
      return call(SmallBlock<Shape::kFull, 3>(run, block));
    case 4:
      return call(SmallBlock<Shape::kFull, 4>(run, block));
    case 5:
      return call(SmallBlock<Shape::kFull, 5>(run, block));
    case 6:
      return call(SmallBlock<Shape::kFull, 6>(run, block));
    default:
      return false;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gmmseg
HWY_AFTER_NAMESPACE();

#endif  // once per target
