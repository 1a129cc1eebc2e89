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
        if (x + radius < width) sum += in[x + radius];
        out[x] = static_cast<float>(sum);
        if (x >= radius) sum -= in[x - radius];
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

// Between two places of a coarse axis, where a fine one's place lies.
struct Between {
  std::int64_t first = 0, second = 0;
  float share = 0;  // of the second
};

std::vector<Between> PlacesOf(std::int64_t fine, std::int64_t coarse, int factor) {
  std::vector<Between> places;
  for (std::int64_t i = 0; i < fine; ++i) {
    const float at = (static_cast<float>(i) + 0.5f) / static_cast<float>(factor) - 0.5f;
    const auto low = static_cast<std::int64_t>(std::floor(at));
    places.push_back({std::clamp<std::int64_t>(low, 0, coarse - 1),
                      std::clamp<std::int64_t>(low + 1, 0, coarse - 1),
                      at - static_cast<float>(low)});
  }
  return places;
}

// The filter of C guide planes.
template <int C>
class Filter {
 public:
  Filter(const Grid& grid, std::span<const float* const> guide, const float* weight,
         const GuidedFilterRules& rules)
      : grid_(grid),
        coarse_{(grid.width + rules.subsampling - 1) / rules.subsampling,
                (grid.height + rules.subsampling - 1) / rules.subsampling, grid.depth},
        factor_(rules.subsampling),
        weight_(weight),
        box_(coarse_, {rules.radius / factor_, rules.radius / factor_, rules.radius}),
        columns_(PlacesOf(grid.width, coarse_.width, factor_)),
        rows_(PlacesOf(grid.height, coarse_.height, factor_)) {
    std::ranges::copy(guide, guide_.begin());
    Floats ones(grid.size(), 1.0f);
    counts_ = WeightedSums(ones.data());
    inverse_counts_ = counts_;
    box_(inverse_counts_);
    for (float& count : inverse_counts_) count = count > 0 ? 1 / count : 0;
    for (int c = 0; c < C; ++c) {
      coarse_guide_[c] = BlockMeans(guide_[c]);
      means_[c] = Means(coarse_guide_[c]);
    }
    Invert(static_cast<float>(rules.epsilon));
  }

  void Smooth(float* plane) {
    const Floats of_blocks = BlockMeans(plane);
    const Floats mean = Means(of_blocks);
    std::array<Floats, C + 1> fit;  // a, then b
    std::array<Floats, C> covariance;
    for (int c = 0; c < C; ++c) covariance[c] = Covariance(of_blocks, mean, c);
    for (Floats& coefficient : fit) coefficient.resize(coarse_.size());
    ForEachTile(coarse_.size(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
      for (std::int64_t i = first; i < first + count; ++i) {
        float b = mean[i];
        for (int c = 0; c < C; ++c) {
          float a = 0;
          for (int d = 0; d < C; ++d) a += inverse_[c][d][i] * covariance[d][i];
          fit[c][i] = a;
          b -= a * means_[c][i];
        }
        fit[C][i] = b;
      }
    });
    for (Floats& coefficient : fit) coefficient = Means(coefficient);
    Evaluate(fit, plane);
  }

 private:
  // Over blocks of pixels, each by its weight.
  Floats WeightedSums(const float* plane) const {
    Floats sums(coarse_.size());
    tbb::parallel_for(std::int64_t{0}, coarse_.num_rows(), [&](std::int64_t row) {
      const std::int64_t slice = row / coarse_.height, top = row % coarse_.height * factor_;
      float* const sum = sums.data() + row * coarse_.width;
      for (std::int64_t y = top; y < std::min(top + factor_, grid_.height); ++y) {
        const std::int64_t first = (slice * grid_.height + y) * grid_.width;
        AddRow(plane + first, weight_ + first, sum);
      }
    });
    return sums;
  }

  void AddRow(const float* values, const float* weights, float* sum) const {
    const std::int64_t whole = grid_.width / factor_;
    for (std::int64_t x = 0; x < whole; ++x)
      for (int i = 0; i < factor_; ++i) {
        const std::int64_t at = x * factor_ + i;
        sum[x] += weights[at] > 0 ? values[at] : 0.0f;
      }
    for (std::int64_t at = whole * factor_; at < grid_.width; ++at)
      sum[whole] += weights[at] > 0 ? values[at] : 0.0f;
  }

  Floats BlockMeans(const float* plane) const {
    Floats means = WeightedSums(plane);
    for (std::int64_t i = 0; i < coarse_.size(); ++i) means[i] /= std::max(counts_[i], 1.0f);
    return means;
  }

  // Over the pixels with data in the window around each block.
  Floats Means(const Floats& of_blocks) {
    return MeansOf([&](std::int64_t i) { return of_blocks[i]; });
  }

  template <typename Value>
  Floats MeansOf(const Value& value) {
    Floats means(coarse_.size());
    ForEachTile(coarse_.size(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
      for (std::int64_t i = first; i < first + count; ++i) means[i] = counts_[i] * value(i);
    });
    box_(means);
    ForEachTile(coarse_.size(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
      for (std::int64_t i = first; i < first + count; ++i) means[i] *= inverse_counts_[i];
    });
    return means;
  }

  // Of a plane, whose means are known, and a guide.
  Floats Covariance(const Floats& of_blocks, const Floats& mean, int c) {
    Floats products =
        MeansOf([&](std::int64_t i) { return of_blocks[i] * coarse_guide_[c][i]; });
    for (std::int64_t i = 0; i < coarse_.size(); ++i) products[i] -= mean[i] * means_[c][i];
    return products;
  }

  // The inverse of the guide's covariance + epsilon, by cofactors.
  void Invert(float epsilon) {
    std::array<std::array<Floats, C>, C> covariance;
    for (int c = 0; c < C; ++c)
      for (int d = 0; d <= c; ++d) {
        covariance[c][d] = Covariance(coarse_guide_[d], means_[d], c);
        if (d < c) continue;
        for (float& variance : covariance[c][c]) variance = std::max(variance, 0.0f) + epsilon;
      }
    for (auto& row : inverse_)
      for (Floats& plane : row) plane.resize(coarse_.size());
    for (std::int64_t i = 0; i < coarse_.size(); ++i) InvertAt(i, covariance);
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

  // a · g + b at every pixel with data, the fits interpolated; not less than 0.
  void Evaluate(const std::array<Floats, C + 1>& fit, float* plane) const {
    tbb::parallel_for(
        tbb::blocked_range<std::int64_t>(0, grid_.num_rows()), [&](const auto& range) {
          std::array<Floats, C + 1> between;
          for (Floats& row : between) row.resize(coarse_.width);
          for (std::int64_t row = range.begin(); row < range.end(); ++row) {
            const Between& y = rows_[row % grid_.height];
            const std::int64_t slice = row / grid_.height * coarse_.height;
            for (int c = 0; c <= C; ++c) {
              const float* const above = fit[c].data() + (slice + y.first) * coarse_.width;
              const float* const below = fit[c].data() + (slice + y.second) * coarse_.width;
              for (std::int64_t x = 0; x < coarse_.width; ++x)
                between[c][x] = above[x] + y.share * (below[x] - above[x]);
            }
            EvaluateRow(between, row * grid_.width, plane);
          }
        });
  }

  void EvaluateRow(const std::array<Floats, C + 1>& fit, std::int64_t first, float* plane) const {
    for (std::int64_t x = 0; x < grid_.width; ++x) {
      const Between& place = columns_[x];
      const auto at = [&](int c) {
        const float left = fit[c][place.first];
        return left + place.share * (fit[c][place.second] - left);
      };
      float value = at(C);
      for (int c = 0; c < C; ++c) value += at(c) * guide_[c][first + x];
      plane[first + x] = weight_[first + x] > 0 ? std::max(value, 0.0f) : 0.0f;
    }
  }

  Grid grid_, coarse_;
  int factor_;
  std::array<const float*, C> guide_;
  const float* weight_;
  BoxSums box_;
  std::vector<Between> columns_, rows_;
  Floats counts_, inverse_counts_;  // pixels with data in each block; 1 / those in its window
  std::array<Floats, C> coarse_guide_, means_;
  std::array<std::array<Floats, C>, C> inverse_;
};

template <int C>
void Run(const Grid& grid, std::span<const float* const> guide, const float* weight,
         const GuidedFilterRules& rules, const ClassPlanes& planes) {
  Filter<C> filter(grid, guide, weight, rules);
  for (int k = 0; k < planes.num_classes; ++k) filter.Smooth(planes.Plane(k));
}

// To a sum of 1 where that is more than 0.
void Normalize(const Grid& grid, const ClassPlanes& planes) {
  ForEachTile(grid.size(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
    Floats factors(count);
    for (int k = 0; k < planes.num_classes; ++k)
      for (std::int64_t i = 0; i < count; ++i) factors[i] += planes.Plane(k)[first + i];
    for (float& factor : factors) factor = factor > 0 ? 1 / factor : 0;
    for (int k = 0; k < planes.num_classes; ++k)
      for (std::int64_t i = 0; i < count; ++i) planes.Plane(k)[first + i] *= factors[i];
  });
}

}  // namespace

void GuidedFilter(const Grid& grid, std::span<const float* const> guide, const float* weight,
                  const GuidedFilterRules& rules, const ClassPlanes& planes) {
  if (guide.size() == 1) Run<1>(grid, guide, weight, rules, planes);
  if (guide.size() == 2) Run<2>(grid, guide, weight, rules, planes);
  if (guide.size() == 3) Run<3>(grid, guide, weight, rules, planes);
  Normalize(grid, planes);
}

}  // namespace gmmseg
