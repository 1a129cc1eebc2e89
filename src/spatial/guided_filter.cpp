#include "spatial/guided_filter.h"

#include <gmmseg/aligned_buffer.h>
#include <oneapi/tbb/enumerable_thread_specific.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "base/wide_clones.h"

namespace gmmseg {
namespace {

using Floats = std::vector<float>;

GMMSEG_WIDE_CLONES
void AddPair(const float* a, const float* b, std::int64_t count, float* __restrict sum) {
  for (std::int64_t i = 0; i < count; ++i) sum[i] += a[i] + b[i];
}

GMMSEG_WIDE_CLONES
void AddProducts(const float* a, const float* b, std::int64_t count, float* __restrict sum) {
  for (std::int64_t i = 0; i < count; ++i) sum[i] += a[i] * b[i];
}

GMMSEG_WIDE_CLONES
void SubtractProducts(const float* a, const float* b, std::int64_t count, float* __restrict sum) {
  for (std::int64_t i = 0; i < count; ++i) sum[i] -= a[i] * b[i];
}

GMMSEG_WIDE_CLONES
void Multiply(const float* factors, std::int64_t count, float* __restrict values) {
  for (std::int64_t i = 0; i < count; ++i) values[i] *= factors[i];
}

GMMSEG_WIDE_CLONES
void SetProducts(const float* a, const float* b, float scale, std::int64_t count,
                 float* __restrict out) {
  for (std::int64_t i = 0; i < count; ++i) out[i] = a[i] * b[i] * scale;
}

// From a to b, `share` of the way.
GMMSEG_WIDE_CLONES
void Interpolate(const float* a, const float* b, float share, std::int64_t count,
                 float* __restrict out) {
  for (std::int64_t i = 0; i < count; ++i) out[i] = a[i] + share * (b[i] - a[i]);
}

GMMSEG_WIDE_CLONES
void RefineBy2(const float* blocks, std::int64_t count, float* __restrict fine) {
  for (std::int64_t j = 0; j < count; ++j) {
    const float step = blocks[j + 1] - blocks[j];
    fine[2 * j] = blocks[j] + step * 0.25f;
    fine[2 * j + 1] = blocks[j] + step * 0.75f;
  }
}

// Two blocks at a time: `blocks` may be read, and `fine` written, up to eight numbers further.
GMMSEG_WIDE_CLONES
void RefineBy4(const float* blocks, std::int64_t count, float* __restrict fine) {
  using Eight = float __attribute__((vector_size(32)));
  const Eight shares = {0.125f, 0.375f, 0.625f, 0.875f, 0.125f, 0.375f, 0.625f, 0.875f};
  for (std::int64_t j = 0; j < count; j += 2) {
    Eight next;
    std::memcpy(&next, blocks + j, sizeof(next));
    const Eight left = __builtin_shufflevector(next, next, 0, 0, 0, 0, 1, 1, 1, 1);
    const Eight right = __builtin_shufflevector(next, next, 1, 1, 1, 1, 2, 2, 2, 2);
    const Eight values = left + shares * (right - left);
    std::memcpy(fine + 4 * j, &values, sizeof(values));
  }
}

// The fits at pixels: a · g + b, clipped at 0, and what they add up to. `fits` are C planes a, and
// b.
template <int C>
[[gnu::always_inline]] inline void EvaluateFits(const float* const* fits, const float* const* guide,
                                                std::int64_t count, float* __restrict values,
                                                float* __restrict total) {
  for (std::int64_t i = 0; i < count; ++i) {
    float value = fits[C][i];
    for (int c = 0; c < C; ++c) value += fits[c][i] * guide[c][i];
    values[i] = std::max(value, 0.0f);
    total[i] += values[i];
  }
}

GMMSEG_WIDE_CLONES
void EvaluateByOne(const float* const* fits, const float* const* guide, std::int64_t count,
                   float* values, float* total) {
  EvaluateFits<1>(fits, guide, count, values, total);
}

GMMSEG_WIDE_CLONES
void EvaluateByTwo(const float* const* fits, const float* const* guide, std::int64_t count,
                   float* values, float* total) {
  EvaluateFits<2>(fits, guide, count, values, total);
}

GMMSEG_WIDE_CLONES
void EvaluateByThree(const float* const* fits, const float* const* guide, std::int64_t count,
                     float* values, float* total) {
  EvaluateFits<3>(fits, guide, count, values, total);
}

// What makes totals `weights`; 0 where they are 0.
GMMSEG_WIDE_CLONES
void SetScales(const float* weights, std::int64_t count, float* __restrict totals) {
  for (std::int64_t i = 0; i < count; ++i) {
    const float scale = weights[i] / std::max(totals[i], 1e-30f);
    totals[i] = totals[i] > 0 ? scale : 0.0f;
  }
}

// body(row) for all rows of a grid, enough of them at a time for a task.
template <typename Body>
void ForEachRow(const Grid& grid, const Body& body) {
  const std::int64_t grain = std::max<std::int64_t>(1, 8192 / grid.width);
  tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, grid.num_rows(), grain),
                    [&](const auto& rows) {
                      for (std::int64_t row = rows.begin(); row < rows.end(); ++row) body(row);
                    });
}

// Sums over windows of 2 radius + 1 places along each axis, of what lies in the grid.
class BoxSums {
 public:
  BoxSums(const Grid& grid, std::array<std::int64_t, 3> radii)
      : grid_(grid),
        radii_(radii),
        nothing_(grid.width),
        along_rows_(grid.size()),
        padded_(grid.width + 2 * radii[0]) {
    if (grid.depth > 1) along_columns_.resize(grid.size());
  }

  // Of values that load(row, out) adds to zeros, row by row; finish(row, sums) sees each row of the
  // sums when it is complete. What is loaded may be what stood in `sums`.
  template <typename Load, typename Finish>
  void operator()(const Load& load, const Finish& finish, Floats& sums) {
    sums.resize(grid_.size());
    const bool is_volume = grid_.depth > 1;
    ForEachRow(grid_, [&](std::int64_t row) { SumInRow(row, load); });
    Floats& of_slices = is_volume ? along_columns_ : sums;
    ForEachRow(grid_, [&](std::int64_t row) {
      SumAcross(1, row, row % grid_.height, along_rows_, of_slices);
      if (!is_volume) finish(row, sums.data() + row * grid_.width);
    });
    if (!is_volume) return;
    ForEachRow(grid_, [&](std::int64_t row) {
      SumAcross(2, row, row / grid_.height, along_columns_, sums);
      finish(row, sums.data() + row * grid_.width);
    });
  }

 private:
  template <typename Load>
  void SumInRow(std::int64_t row, const Load& load) {
    Floats& padded = padded_.local();
    float* const in = padded.data() + radii_[0];
    float* const out = along_rows_.data() + row * grid_.width;
    std::fill_n(in, grid_.width, 0.0f);
    load(row, in);
    std::copy_n(in, grid_.width, out);
    for (std::int64_t d = 1; d <= radii_[0]; ++d) AddPair(in - d, in + d, grid_.width, out);
  }

  // From row to row or from slice to slice.
  void SumAcross(int a, std::int64_t row, std::int64_t place, const Floats& from,
                 Floats& to) const {
    const auto [stride, extent] = grid_.axes()[a];
    const float* const in = from.data() + row * grid_.width;
    float* const out = to.data() + row * grid_.width;
    std::copy_n(in, grid_.width, out);
    const std::int64_t reach = std::min(radii_[a], std::max(place, extent - 1 - place));
    for (std::int64_t d = 1; d <= reach; ++d)
      AddPair(place >= d ? in - d * stride : nothing_.data(),
              place + d < extent ? in + d * stride : nothing_.data(), grid_.width, out);
  }

  Grid grid_;
  std::array<std::int64_t, 3> radii_;
  Floats nothing_;
  Floats along_rows_, along_columns_;
  tbb::enumerable_thread_specific<Floats> padded_;
};

// How blocks of S × S pixels of each slice make a grid.
struct Blocks {
  Blocks(const Grid& pixels, int side)
      : fine(pixels),
        coarse{(pixels.width + side - 1) / side, (pixels.height + side - 1) / side, pixels.depth},
        S(side) {}

  Grid fine, coarse;
  int S;
};

// Less is nothing: products of smaller numbers would be subnormal, which take a hundred times as
// long.
constexpr float kLeastSum = 1e-12f;

// Sums, by weight, over blocks: of the classes that a source tells, and then of planes.
std::vector<Floats> SumBlocks(const Blocks& blocks, const float* weight, int num_classes,
                              const ClassSource& source, const std::vector<const float*>& planes) {
  const std::int64_t width = blocks.fine.width, coarse_width = blocks.coarse.width;
  const std::int64_t stride = coarse_width * blocks.S;
  std::vector<Floats> sums(num_classes + planes.size(), Floats(blocks.coarse.size()));
  tbb::enumerable_thread_specific<Floats> columns(stride * std::ssize(sums));
  tbb::parallel_for(std::int64_t{0}, blocks.coarse.num_rows(), [&](std::int64_t row) {
    Floats& of_columns = columns.local();
    std::ranges::fill(of_columns, 0.0f);
    const std::int64_t slice = row / blocks.coarse.height;
    const std::int64_t top = row % blocks.coarse.height * blocks.S;
    const std::int64_t height = std::min<std::int64_t>(blocks.S, blocks.fine.height - top);
    source((slice * blocks.fine.height + top) * width, height * width, [&](const ClassRun& run) {
      for (std::int64_t i = 0; i < run.count;) {
        const std::int64_t pixel = run.first + i, x = pixel % width;
        const std::int64_t count = std::min(width - x, run.count - i);
        float* column = of_columns.data() + x;
        for (int k = 0; k < num_classes; ++k, column += stride)
          AddProducts(run.values + k * run.stride + i, weight + pixel, count, column);
        for (std::size_t c = 0; c < planes.size(); ++c, column += stride)
          AddProducts(planes[c] + pixel, weight + pixel, count, column);
        i += count;
      }
    });
    const float* column = of_columns.data();
    for (Floats& plane : sums)
      for (std::int64_t x = row * coarse_width; x < (row + 1) * coarse_width; ++x) {
        float sum = 0;
        for (int p = 0; p < blocks.S; ++p) sum += *column++;
        plane[x] = std::abs(sum) < kLeastSum ? 0 : sum;
      }
  });
  return sums;
}

template <int C>
class Filter : public GuidedClasses {
 public:
  Filter(const Grid& grid, std::span<const GuidePlane> guide, const float* weight,
         const GuidedFilterRules& rules, int num_classes, const ClassSource& source)
      : blocks_(grid, rules.subsampling),
        weight_(weight),
        num_classes_(num_classes),
        fits_((C + 1) * num_classes * blocks_.coarse.size()) {
    std::vector<const float*> planes;
    for (int c = 0; c < C; ++c) planes.push_back(guide_[c] = guide[c].values);
    planes.push_back(weight);
    std::vector<Floats> sums = SumBlocks(blocks_, weight, num_classes, source, planes);
    Floats counts = std::move(sums.back());
    std::array<Floats, C> guide_sums;
    for (int c = 0; c < C; ++c) guide_sums[c] = std::move(sums[num_classes + c]);
    Fitter fitter(blocks_.coarse, guide, std::move(guide_sums), std::move(counts), rules);
    for (int k = 0; k < num_classes; ++k)
      fitter.Fit(sums[k],
                 [&](int c, std::int64_t row) { return fits_.data() + FitsAt(row, k, c); });
  }

  void Evaluate(std::int64_t first, std::int64_t count, float* values,
                std::int64_t stride) const override {
    const std::int64_t width = blocks_.fine.width;
    for (std::int64_t i = 0; i < count;) {
      const std::int64_t row = (first + i) / width, x = (first + i) % width;
      const std::int64_t run = std::min({kMostPixels, count - i, width - x});
      EvaluateInRow(row, x, run, values + i, stride);
      i += run;
    }
  }

 private:
  static constexpr std::int64_t kMostPixels = 1024;  // at a time, so that they stay in the cache
  static constexpr std::int64_t kSlack = 16;         // that RefineBy4 may touch beyond

  // Fits classes to the guide in the window around each block.
  class Fitter {
   public:
    // From sums over blocks of the guide, and of pixels with data.
    Fitter(const Grid& blocks, std::span<const GuidePlane> guide, std::array<Floats, C> guide_sums,
           Floats counts, const GuidedFilterRules& rules)
        : grid_(blocks),
          box_(grid_,
               {rules.radius / rules.subsampling, rules.radius / rules.subsampling, rules.radius}),
          counts_(std::move(counts)) {
      const std::int64_t width = grid_.width;
      const auto invert = [&](std::int64_t, float* sums) {
        for (std::int64_t x = 0; x < width; ++x) sums[x] = sums[x] > 0 ? 1 / sums[x] : 0;
      };
      box_([&](std::int64_t row, float* out) { Copy(counts_, row, out); }, invert, inverse_counts_);
      for (int c = 0; c < C; ++c) {
        scales_[c] = guide[c].scale;
        for (float& sum : guide_sums[c]) sum *= scales_[c];
        SetMeans(guide_sums[c], means_[c]);
      }
      of_blocks_ = guide_sums;
      for (Floats& plane : of_blocks_)
        for (std::int64_t i = 0; i < grid_.size(); ++i) plane[i] /= std::max(counts_[i], 1.0f);
      SetInverse(guide_sums, static_cast<float>(rules.epsilon));
    }

    // Of a class, whose sums over blocks are given, to place(c, row): a_c of a row of blocks, for
    // the guide's planes as they stand, and as the last b.
    template <typename Place>
    void Fit(const Floats& sums, const Place& place) {
      SetMeans(sums, mean_);
      for (int c = 0; c < C; ++c) SetCovariance(sums, mean_, c, covariance_[c]);
      for (Floats& plane : fit_) plane.resize(grid_.size());
      ForEachRow(grid_, [&](std::int64_t row) { Solve(row * grid_.width); });
      for (int c = 0; c <= C; ++c) {
        const float scale = c < C ? scales_[c] : 1;
        const auto load = [&](std::int64_t row, float* out) {
          AddProducts(counts_.data() + row * grid_.width, fit_[c].data() + row * grid_.width,
                      grid_.width, out);
        };
        const auto finish = [&](std::int64_t row, const float* windows) {
          SetProducts(inverse_counts_.data() + row * grid_.width, windows, scale, grid_.width,
                      place(c, row));
        };
        box_(load, finish, mean_);
      }
    }

   private:
    void Copy(const Floats& plane, std::int64_t row, float* out) const {
      std::copy_n(plane.data() + row * grid_.width, grid_.width, out);
    }

    void MultiplyByInverseCounts(std::int64_t row, float* sums) const {
      Multiply(inverse_counts_.data() + row * grid_.width, grid_.width, sums);
    }

    // Over the pixels with data in the window around each block; `sums` are those of blocks.
    void SetMeans(const Floats& sums, Floats& means) {
      box_([&](std::int64_t row, float* out) { Copy(sums, row, out); },
           [&](std::int64_t row, float* windows) { MultiplyByInverseCounts(row, windows); }, means);
    }

    // Of a plane, whose sums over blocks and means are known, and a guide.
    void SetCovariance(const Floats& sums, const Floats& mean, int c, Floats& covariance) {
      const std::int64_t width = grid_.width;
      box_(
          [&](std::int64_t row, float* out) {
            AddProducts(sums.data() + row * width, of_blocks_[c].data() + row * width, width, out);
          },
          [&](std::int64_t row, float* windows) {
            MultiplyByInverseCounts(row, windows);
            SubtractProducts(mean.data() + row * width, means_[c].data() + row * width, width,
                             windows);
          },
          covariance);
    }

    // The fits of a row's blocks.
    void Solve(std::int64_t first) {
      float* const b = fit_[C].data() + first;
      std::copy_n(mean_.data() + first, grid_.width, b);
      for (int c = 0; c < C; ++c) {
        float* const a = fit_[c].data() + first;
        std::fill_n(a, grid_.width, 0.0f);
        for (int d = 0; d < C; ++d)
          AddProducts(inverse_[std::max(c, d)][std::min(c, d)].data() + first,
                      covariance_[d].data() + first, grid_.width, a);
        SubtractProducts(a, means_[c].data() + first, grid_.width, b);
      }
    }

    // Of the guide's covariance + epsilon, in its place.
    void SetInverse(const std::array<Floats, C>& guide_sums, float epsilon) {
      for (int c = 0; c < C; ++c)
        for (int d = 0; d <= c; ++d) SetCovariance(guide_sums[d], means_[d], c, inverse_[c][d]);
      ForEachRow(grid_, [&](std::int64_t row) {
        for (std::int64_t i = row * grid_.width; i < (row + 1) * grid_.width; ++i)
          InvertAt(i, epsilon);
      });
    }

    // By cofactors.
    void InvertAt(std::int64_t i, double epsilon) {
      double at[C][C];
      for (int c = 0; c < C; ++c) {
        for (int d = 0; d < c; ++d) at[c][d] = at[d][c] = inverse_[c][d][i];
        at[c][c] = std::max(inverse_[c][c][i], 0.0f) + epsilon;
      }
      const auto set = [&](int c, int d, double value) {
        inverse_[c][d][i] = static_cast<float>(value);
      };
      if constexpr (C == 1) {
        set(0, 0, 1 / at[0][0]);
      } else if constexpr (C == 2) {
        const double determinant = at[0][0] * at[1][1] - at[0][1] * at[0][1];
        set(0, 0, at[1][1] / determinant);
        set(1, 1, at[0][0] / determinant);
        set(1, 0, -at[0][1] / determinant);
      } else {
        const auto cofactor = [&](int c, int d) {
          const int c1 = (c + 1) % 3, c2 = (c + 2) % 3, d1 = (d + 1) % 3, d2 = (d + 2) % 3;
          return at[c1][d1] * at[c2][d2] - at[c1][d2] * at[c2][d1];
        };
        double determinant = 0;
        for (int d = 0; d < C; ++d) determinant += at[0][d] * cofactor(0, d);
        for (int c = 0; c < C; ++c)
          for (int d = 0; d <= c; ++d) set(c, d, cofactor(c, d) / determinant);
      }
    }

    Grid grid_;
    BoxSums box_;
    std::array<float, C> scales_;
    Floats counts_, inverse_counts_;  // pixels with data in each block; 1 / those in its window
    std::array<Floats, C> of_blocks_, means_;       // of the guide: in blocks, in windows
    std::array<std::array<Floats, C>, C> inverse_;  // d <= c of [c][d]
    // Of the class that is being fitted: kept, since fresh pages take longer than the filter.
    Floats mean_;
    std::array<Floats, C> covariance_;
    std::array<Floats, C + 1> fit_;
  };

  // Where the fits of a row of blocks lie: row by row, of each row class by class.
  std::int64_t FitsAt(std::int64_t row, int k, int c) const {
    return ((row * num_classes_ + k) * (C + 1) + c) * blocks_.coarse.width;
  }

  // a · g + b, the fits interpolated, clipped at 0 and normalised. Each step is taken for all
  // planes before the next one, which reads what has then left the store buffer.
  void EvaluateInRow(std::int64_t row, std::int64_t x, std::int64_t count, float* values,
                     std::int64_t stride) const {
    const std::int64_t first = row * blocks_.fine.width + x;
    const int S = blocks_.S;
    // Pixel S·j - S/2 + p lies between blocks j - 1 and j, (p + ½) / S of the way.
    const std::int64_t from = (x + S / 2) / S - 1, to = (x + count - 1 + S / 2) / S;
    const std::int64_t offset = x - (S * (from + 1) - S / 2);
    float between[C + 1][kMostPixels + kSlack], fine[C + 1][kMostPixels + kSlack];
    float total[kMostPixels] = {};
    const float *fits[C + 1], *guide[C];
    for (int c = 0; c <= C; ++c) fits[c] = S == 1 ? between[c] + 1 : fine[c] + offset;
    for (int c = 0; c < C; ++c) guide[c] = guide_[c] + first;
    constexpr auto evaluate = C == 1 ? EvaluateByOne : C == 2 ? EvaluateByTwo : EvaluateByThree;
    for (int k = 0; k < num_classes_; ++k) {
      for (int c = 0; c <= C; ++c) InterpolateDown(k, c, row, from, to, between[c]);
      if (S == 2)
        for (int c = 0; c <= C; ++c) RefineBy2(between[c], to - from, fine[c]);
      if (S == 4)
        for (int c = 0; c <= C; ++c) RefineBy4(between[c], to - from, fine[c]);
      evaluate(fits, guide, count, values + k * stride, total);
    }
    SetScales(weight_ + first, count, total);
    for (int k = 0; k < num_classes_; ++k) Multiply(total, count, values + k * stride);
  }

  // Blocks from…to of a row of pixels, those beyond the border as those at it.
  void InterpolateDown(int k, int c, std::int64_t row, std::int64_t from, std::int64_t to,
                       float* values) const {
    const Grid& coarse = blocks_.coarse;
    const float at =
        (static_cast<float>(row % blocks_.fine.height) + 0.5f) / static_cast<float>(blocks_.S) -
        0.5f;
    const auto low = static_cast<std::int64_t>(std::floor(at));
    const auto of_row = [&](std::int64_t y) {
      return fits_.data() + FitsAt(row / blocks_.fine.height * coarse.height +
                                       std::clamp<std::int64_t>(y, 0, coarse.height - 1),
                                   k, c);
    };
    const std::int64_t first = std::max<std::int64_t>(from, 0);
    const std::int64_t last = std::min(to, coarse.width - 1);
    Interpolate(of_row(low) + first, of_row(low + 1) + first, at - static_cast<float>(low),
                last - first + 1, values + (first - from));
    if (from < first) values[0] = values[1];
    if (last < to) values[to - from] = values[to - from - 1];
    std::fill_n(values + (to - from + 1), 8, 0.0f);  // which RefineBy4 may read
  }

  Blocks blocks_;
  std::array<const float*, C> guide_;
  const float* weight_;
  int num_classes_;
  AlignedBuffer<float> fits_;  // of each block C numbers a, then b
};

}  // namespace

std::unique_ptr<const GuidedClasses> FitToGuide(const Grid& grid, std::span<const GuidePlane> guide,
                                                const float* weight, const GuidedFilterRules& rules,
                                                int num_classes, const ClassSource& source) {
  const auto make = [&]<int C>() -> std::unique_ptr<const GuidedClasses> {
    return std::make_unique<Filter<C>>(grid, guide, weight, rules, num_classes, source);
  };
  if (guide.size() == 1) return make.template operator()<1>();
  if (guide.size() == 2) return make.template operator()<2>();
  return make.template operator()<3>();
}

}  // namespace gmmseg
