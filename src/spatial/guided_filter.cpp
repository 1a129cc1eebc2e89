#include "spatial/guided_filter.h"

#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "base/tile_loop.h"

namespace gmmseg {
namespace {

using Floats = std::vector<float>;

// Sums over windows of 2 radius + 1 places along each axis, of what lies in the grid.
class BoxSums {
 public:
  BoxSums(const Grid& grid, std::array<std::int64_t, 3> radii)
      : grid_(grid), radii_(radii), scratch_(grid.size()) {}

  void operator()(Floats& plane) {
    const std::array<GridAxis, 3> axes = grid_.axes();
    if (axes[0].extent > 1) Along(radii_[0], plane);
    for (const int a : {1, 2})
      if (axes[a].extent > 1) Across(axes[a], radii_[a], plane);
  }

 private:
  // Along the rows.
  void Along(std::int64_t radius, Floats& plane) {
    const std::int64_t width = grid_.width;
    tbb::parallel_for(std::int64_t{0}, grid_.num_rows(), [&](std::int64_t row) {
      const float* const in = plane.data() + row * width;
      float* const out = scratch_.data() + row * width;
      double sum = 0;
      for (std::int64_t x = 0; x < std::min(radius, width); ++x) sum += in[x];
      for (std::int64_t x = 0; x < width; ++x) {
        const double enters = x + radius < width ? in[x + radius] : 0.0f;
        const double leaves = x > radius ? in[x - radius - 1] : 0.0f;
        sum += enters - leaves;
        out[x] = static_cast<float>(sum);
      }
    });
    std::swap(plane, scratch_);
  }

  // From row to row or from slice to slice; some columns at a time.
  void Across(const GridAxis& axis, std::int64_t radius, Floats& plane) {
    constexpr std::int64_t kColumns = 256;
    const std::int64_t runs = (axis.stride + kColumns - 1) / kColumns;
    const std::int64_t blocks = grid_.size() / (axis.stride * axis.extent);
    tbb::parallel_for(std::int64_t{0}, blocks * runs, [&](std::int64_t task) {
      const std::int64_t column = task % runs * kColumns;
      const std::int64_t first = task / runs * axis.stride * axis.extent + column;
      const std::int64_t count = std::min(kColumns, axis.stride - column);
      double sum[kColumns] = {};
      const auto add = [&](std::int64_t place, double sign) {
        const float* const in = plane.data() + first + place * axis.stride;
        for (std::int64_t i = 0; i < count; ++i) sum[i] += sign * in[i];
      };
      for (std::int64_t place = 0; place < std::min(radius, axis.extent); ++place) add(place, 1);
      for (std::int64_t place = 0; place < axis.extent; ++place) {
        if (place + radius < axis.extent) add(place + radius, 1);
        float* const out = scratch_.data() + first + place * axis.stride;
        for (std::int64_t i = 0; i < count; ++i) out[i] = static_cast<float>(sum[i]);
        if (place >= radius) add(place - radius, -1);
      }
    });
    std::swap(plane, scratch_);
  }

  Grid grid_;
  std::array<std::int64_t, 3> radii_;
  Floats scratch_;
};

void AddProducts(const float* a, const float* b, std::int64_t count, float* __restrict sum) {
  for (std::int64_t i = 0; i < count; ++i) sum[i] += a[i] * b[i];
}

// Sums, by weight, over blocks of S × S pixels of each slice.
template <int S>
void SumBlocks(const Grid& grid, const Grid& coarse, const float* plane, const float* weight,
               Floats& sums) {
  sums.assign(coarse.size(), 0.0f);
  tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, coarse.num_rows()), [&](const auto& rows) {
    Floats column_sums(coarse.width * S);
    for (std::int64_t row = rows.begin(); row < rows.end(); ++row) {
      const std::int64_t top = row % coarse.height * S, slice = row / coarse.height * grid.height;
      std::ranges::fill(column_sums, 0.0f);
      for (std::int64_t y = top; y < std::min(top + S, grid.height); ++y) {
        const std::int64_t first = (slice + y) * grid.width;
        AddProducts(plane + first, weight + first, grid.width, column_sums.data());
      }
      float* const sum = sums.data() + row * coarse.width;
      for (std::int64_t x = 0; x < coarse.width; ++x)
        for (int i = 0; i < S; ++i) sum[x] += column_sums[x * S + i];
    }
  });
}

// The filter of C guide planes, its fits made on means of S × S pixels.
template <int C, int S>
class Filter {
 public:
  Filter(const Grid& grid, std::span<const GuidePlane> guide, const float* weight,
         const GuidedFilterRules& rules)
      : grid_(grid),
        coarse_{(grid.width + S - 1) / S, (grid.height + S - 1) / S, grid.depth},
        weight_(weight),
        box_(coarse_, {rules.radius / S, rules.radius / S, rules.radius}) {
    std::ranges::copy(guide, guide_.begin());
    SumBlocks<S>(grid, coarse_, weight, weight, counts_);
    inverse_counts_ = counts_;
    box_(inverse_counts_);
    for (float& count : inverse_counts_) count = count > 0 ? 1 / count : 0;
    for (int c = 0; c < C; ++c) {
      SetBlockMeans(guide_[c].values, coarse_guide_[c]);
      for (float& value : coarse_guide_[c]) value *= guide_[c].scale;
      SetMeans([&](std::int64_t i) { return coarse_guide_[c][i]; }, means_[c]);
    }
    Invert(static_cast<float>(rules.epsilon));
  }

  // Fits, all classes first, so that one pass then makes all classes of a row.
  void Smooth(const ClassPlanes& planes) {
    std::vector<Fit> fits;
    for (int k = 0; k < planes.num_classes; ++k) fits.push_back(FitTo(planes.Plane(k)));
    Evaluate(fits, planes);
  }

 private:
  using Fit = std::array<Floats, C + 1>;  // a, then b

  Fit FitTo(const float* plane) {
    SetBlockMeans(plane, of_blocks_);
    SetMeans([&](std::int64_t i) { return of_blocks_[i]; }, mean_);
    for (int c = 0; c < C; ++c) SetCovariance(of_blocks_, mean_, c, covariance_[c]);
    Fit fit;
    for (Floats& coefficient : fit) coefficient.resize(coarse_.size());
    ForEachTile(coarse_.size(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
      for (std::int64_t i = first; i < first + count; ++i) {
        float b = mean_[i];
        for (int c = 0; c < C; ++c) {
          float a = 0;
          for (int d = 0; d < C; ++d) a += inverse_[c][d][i] * covariance_[d][i];
          fit[c][i] = a;
          b -= a * means_[c][i];
        }
        fit[C][i] = b;
      }
    });
    for (Floats& coefficient : fit)
      SetMeans([&](std::int64_t i) { return coefficient[i]; }, coefficient);
    for (int c = 0; c < C; ++c)
      for (float& a : fit[c]) a *= guide_[c].scale;  // for the guide's plane as it stands
    return fit;
  }

  // Of pixels with data.
  void SetBlockMeans(const float* plane, Floats& means) const {
    SumBlocks<S>(grid_, coarse_, plane, weight_, means);
    for (std::int64_t i = 0; i < coarse_.size(); ++i) means[i] /= std::max(counts_[i], 1.0f);
  }

  // Of value(block), over the pixels with data in the window around each block; a value may be what
  // stood in its place.
  template <typename Value>
  void SetMeans(const Value& value, Floats& means) {
    means.resize(coarse_.size());
    ForEachTile(coarse_.size(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
      for (std::int64_t i = first; i < first + count; ++i) means[i] = counts_[i] * value(i);
    });
    box_(means);
    ForEachTile(coarse_.size(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
      for (std::int64_t i = first; i < first + count; ++i) means[i] *= inverse_counts_[i];
    });
  }

  // Of a plane, whose means are known, and a guide.
  void SetCovariance(const Floats& of_blocks, const Floats& mean, int c, Floats& covariance) {
    SetMeans([&](std::int64_t i) { return of_blocks[i] * coarse_guide_[c][i]; }, covariance);
    for (std::int64_t i = 0; i < coarse_.size(); ++i) covariance[i] -= mean[i] * means_[c][i];
  }

  // The inverse of the guide's covariance + epsilon, by cofactors.
  void Invert(float epsilon) {
    std::array<std::array<Floats, C>, C> covariance;
    for (int c = 0; c < C; ++c)
      for (int d = 0; d <= c; ++d) SetCovariance(coarse_guide_[d], means_[d], c, covariance[c][d]);
    for (int c = 0; c < C; ++c)
      for (float& variance : covariance[c][c]) variance = std::max(variance, 0.0f) + epsilon;
    for (auto& row : inverse_)
      for (Floats& plane : row) plane.resize(coarse_.size());
    ForEachTile(coarse_.size(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
      for (std::int64_t i = first; i < first + count; ++i) InvertAt(i, covariance);
    });
  }

  void InvertAt(std::int64_t i, const std::array<std::array<Floats, C>, C>& covariance) {
    const auto at = [&](int c, int d) -> double {
      return covariance[std::max(c, d)][std::min(c, d)][i];
    };
    const auto set = [&](int c, int d, double value) {
      inverse_[c][d][i] = inverse_[d][c][i] = static_cast<float>(value);
    };
    if constexpr (C == 1) {
      set(0, 0, 1 / at(0, 0));
    } else if constexpr (C == 2) {
      const double determinant = at(0, 0) * at(1, 1) - at(0, 1) * at(0, 1);
      set(0, 0, at(1, 1) / determinant);
      set(1, 1, at(0, 0) / determinant);
      set(0, 1, -at(0, 1) / determinant);
    } else {
      const auto cofactor = [&](int c, int d) {
        const int c1 = (c + 1) % 3, c2 = (c + 2) % 3, d1 = (d + 1) % 3, d2 = (d + 2) % 3;
        return at(c1, d1) * at(c2, d2) - at(c1, d2) * at(c2, d1);
      };
      double determinant = 0;
      for (int d = 0; d < C; ++d) determinant += at(0, d) * cofactor(0, d);
      for (int c = 0; c < C; ++c)
        for (int d = 0; d <= c; ++d) set(c, d, cofactor(c, d) / determinant);
    }
  }

  // a · g + b at every pixel with data, the fits interpolated, clipped at 0 and normalised.
  void Evaluate(const std::vector<Fit>& fits, const ClassPlanes& planes) const {
    tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, grid_.num_rows()), [&](const auto& rows) {
      Row row(coarse_.width, grid_.width);
      for (std::int64_t r = rows.begin(); r < rows.end(); ++r) {
        const std::int64_t first = r * grid_.width;
        std::ranges::fill(row.total, 0.0f);
        for (std::size_t k = 0; k < fits.size(); ++k) {
          for (int c = 0; c <= C; ++c) InterpolateDown(fits[k][c], r, row.fit[c].data());
          EvaluateRow(row, first, planes.Plane(static_cast<int>(k)) + first);
        }
        for (std::int64_t x = 0; x < grid_.width; ++x)
          row.total[x] = row.total[x] > 0 ? weight_[first + x] / row.total[x] : 0.0f;
        for (int k = 0; k < planes.num_classes; ++k) {
          float* const plane = planes.Plane(k) + first;
          for (std::int64_t x = 0; x < grid_.width; ++x) plane[x] *= row.total[x];
        }
      }
    });
  }

  // A row of pixels on the way: the fits between the rows of blocks, one block more on either side,
  // and between the blocks.
  struct Row {
    Row(std::int64_t num_blocks, std::int64_t num_pixels) : total(num_pixels) {
      for (Floats& each : fit) each.resize(num_blocks + 2);
      for (Floats& each : fine) each.resize(S * (num_blocks + 1));
    }
    Fit fit, fine;
    Floats total;
  };

  void InterpolateDown(const Floats& plane, std::int64_t row, float* values) const {
    const float at = (static_cast<float>(row % grid_.height) + 0.5f) / S - 0.5f;
    const auto low = static_cast<std::int64_t>(std::floor(at));
    const float share = at - static_cast<float>(low);
    const auto place = [&](std::int64_t y) {
      return plane.data() + (row / grid_.height * coarse_.height +
                             std::clamp<std::int64_t>(y, 0, coarse_.height - 1)) *
                                coarse_.width;
    };
    const float *const above = place(low), *const below = place(low + 1);
    for (std::int64_t x = 0; x < coarse_.width; ++x)
      values[x + 1] = above[x] + share * (below[x] - above[x]);
    values[0] = values[1];
    values[coarse_.width + 1] = values[coarse_.width];
  }

  // Pixel S·j - S/2 + p, at S·j + p here, lies between blocks j - 1 and j, (p + ½) / S of the way.
  static void InterpolateAlong(const Floats& blocks, float* __restrict fine) {
    const auto num_blocks = std::ssize(blocks) - 1;
    for (std::int64_t j = 0; j < num_blocks; ++j) {
      const float left = blocks[j], step = blocks[j + 1] - left;
      for (int p = 0; p < S; ++p)
        fine[S * j + p] =
            S == 1 ? blocks[j + 1] : left + step * ((static_cast<float>(p) + 0.5f) / S);
    }
  }

  void EvaluateRow(Row& row, std::int64_t first, float* __restrict out) const {
    float* __restrict const total = row.total.data();
    std::array<const float*, C> guide, a;
    for (int c = 0; c <= C; ++c) InterpolateAlong(row.fit[c], row.fine[c].data());
    for (int c = 0; c < C; ++c) {
      guide[c] = guide_[c].values + first;
      a[c] = row.fine[c].data() + S / 2;
    }
    const float* const b = row.fine[C].data() + S / 2;
    for (std::int64_t x = 0; x < grid_.width; ++x) {
      float value = b[x];
      for (int c = 0; c < C; ++c) value += a[c][x] * guide[c][x];
      value = std::max(value, 0.0f);
      out[x] = value;
      total[x] += value;
    }
  }

  Grid grid_, coarse_;
  std::array<GuidePlane, C> guide_;
  const float* weight_;
  BoxSums box_;
  Floats counts_, inverse_counts_;  // pixels with data in each block; 1 / those in its window
  // Of the class that is being fitted: kept, since fresh pages take longer than the filter.
  Floats of_blocks_, mean_;
  std::array<Floats, C> covariance_;
  std::array<Floats, C> coarse_guide_, means_;
  std::array<std::array<Floats, C>, C> inverse_;
};

template <int C>
void Run(const Grid& grid, std::span<const GuidePlane> guide, const float* weight,
         const GuidedFilterRules& rules, const ClassPlanes& planes) {
  if (rules.subsampling == 1) Filter<C, 1>(grid, guide, weight, rules).Smooth(planes);
  if (rules.subsampling == 2) Filter<C, 2>(grid, guide, weight, rules).Smooth(planes);
  if (rules.subsampling == 4) Filter<C, 4>(grid, guide, weight, rules).Smooth(planes);
}

}  // namespace

void GuidedFilter(const Grid& grid, std::span<const GuidePlane> guide, const float* weight,
                  const GuidedFilterRules& rules, const ClassPlanes& planes) {
  if (guide.size() == 1) Run<1>(grid, guide, weight, rules, planes);
  if (guide.size() == 2) Run<2>(grid, guide, weight, rules, planes);
  if (guide.size() == 3) Run<3>(grid, guide, weight, rules, planes);
}

}  // namespace gmmseg
