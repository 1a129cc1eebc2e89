#include "spatial/gradient.h"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/wide_clones.h"
#include "raster/gaussian_filter.h"

namespace gmmseg {
namespace {

constexpr std::int64_t kRowsPerTask = 16;

struct Step {
  std::int64_t dx, dy;
};
std::array<Step, 4> Directions(const GradientScale& scale) {
  const std::int64_t d = scale.diagonal_reach;
  return {{{scale.reach, 0}, {0, scale.reach}, {d, d}, {d, -d}}};
}

// body(y) for every row, in parallel.
template <typename Body>
void ForEachRow(std::int64_t height, const Body& body) {
  tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, height, kRowsPerTask),
                    [&](const auto& rows) {
                      for (std::int64_t y = rows.begin(); y < rows.end(); ++y) body(y);
                    });
}

void AddSquaredSlopes(const Plane& plane, std::int64_t y, float* sum) {
  const std::int64_t last = plane.width - 1;
  const float* above = plane.Row(std::max<std::int64_t>(y - 1, 0));
  const float* here = plane.Row(y);
  const float* below = plane.Row(std::min(y + 1, plane.height - 1));
  const auto add = [&](std::int64_t x, std::int64_t left, std::int64_t right) {
    const float dx =
        above[right] - above[left] + 2 * (here[right] - here[left]) + below[right] - below[left];
    const float dy =
        below[left] - above[left] + 2 * (below[x] - above[x]) + below[right] - above[right];
    sum[x] += (dx * dx + dy * dy) / 64;
  };
  add(0, 0, std::min<std::int64_t>(1, last));
  for (std::int64_t x = 1; x < last; ++x) add(x, x - 1, x + 1);
  if (last > 0) add(last, last - 1, last);
}

// sum += (a-b)²/(a+b)
GMMSEG_WIDE_CLONES
void AddQuotients(const float* a, const float* b, std::int64_t count, float* sum) {
  constexpr float kTiny = 1e-9f;
  for (std::int64_t i = 0; i < count; ++i) {
    const float difference = a[i] - b[i];
    sum[i] += difference * difference / (a[i] + b[i] + kTiny);
  }
}

// Of all rows that have both.
void AddChiSquare(const Plane& plane, const Step& step, Plane& sum) {
  const std::int64_t reach = std::abs(step.dy);
  for (std::int64_t y = reach; y + reach < plane.height; ++y)
    AddQuotients(plane.Row(y - step.dy), plane.Row(y + step.dy) + 2 * step.dx,
                 plane.width - 2 * step.dx, sum.Row(y) + step.dx);
}

// By direction, Σ (a-b)²/(a+b) over some of the classes, of the pixels a step before and behind.
using ChiSquares = std::array<Plane, 4>;

// Each smoothed plane is used up while it is in the cache. Groups, whose number does not depend on
// the threads, are added in their order.
std::vector<ChiSquares> ChiSquaresOf(const MembershipField& field, const GaussianFilter& filter,
                                     const GradientScale& scale) {
  constexpr std::size_t kGroups = 8;
  std::vector<ChiSquares> groups(kGroups);
  const std::array<Step, 4> directions = Directions(scale);
  const std::size_t num_classes = field.planes.size();
  tbb::parallel_for(std::size_t{0}, kGroups, [&](std::size_t g) {
    for (Plane& sum : groups[g]) sum = Plane(field.width(), field.height());
    for (std::size_t k = g * num_classes / kGroups; k < (g + 1) * num_classes / kGroups; ++k) {
      const Plane smooth = filter.Apply(field.planes[k]);
      for (std::size_t d = 0; d < groups[g].size(); ++d)
        AddChiSquare(smooth, directions[d], groups[g][d]);
    }
  });
  return groups;
}

void TakeLargest(const Plane& reached, std::int64_t y, const Step& step, const float* chi_square,
                 float* largest) {
  const float* before = reached.Row(y - step.dy) - step.dx;
  const float* behind = reached.Row(y + step.dy) + step.dx;
  for (std::int64_t x = step.dx; x < reached.width - step.dx; ++x)
    largest[x] = std::max(largest[x], chi_square[x] * before[x] * behind[x] / 2);
}

}  // namespace

Plane GradientMagnitude(std::span<const Plane> planes) {
  Plane gradient(planes.front().width, planes.front().height);
  ForEachRow(gradient.height, [&](std::int64_t y) {
    float* const row = gradient.Row(y);
    for (const Plane& plane : planes) AddSquaredSlopes(plane, y, row);
    std::transform(row, row + gradient.width, row, [](float sum) { return std::sqrt(sum); });
  });
  return gradient;
}

MembershipField Halved(const MembershipField& field) {
  const auto halved = [](const Plane& plane) {
    Plane half((plane.width + 1) / 2, (plane.height + 1) / 2);
    for (std::int64_t y = 0; y < plane.height; ++y)
      for (std::int64_t x = 0; x < plane.width; ++x) half.Row(y / 2)[x / 2] += plane.Row(y)[x] / 4;
    return half;
  };
  MembershipField half;
  half.weight = halved(field.weight);
  half.planes.resize(field.planes.size());
  tbb::parallel_for(std::size_t{0}, field.planes.size(),
                    [&](std::size_t k) { half.planes[k] = halved(field.planes[k]); });
  return half;
}

Plane MembershipGradient(const MembershipField& field, const GradientScale& scale) {
  const GaussianFilter filter(scale.sigma, field.weight);
  const std::vector<ChiSquares> groups = ChiSquaresOf(field, filter, scale);
  const std::array<Step, 4> directions = Directions(scale);
  Plane gradient(field.width(), field.height());
  ForEachRow(gradient.height, [&](std::int64_t y) {
    std::vector<float> chi_square(gradient.width);
    for (std::size_t d = 0; d < directions.size(); ++d) {
      const Step& step = directions[d];
      const std::int64_t reach = std::abs(step.dy);
      if (y < reach || y + reach >= gradient.height) continue;
      std::ranges::fill(chi_square, 0.0f);
      for (const ChiSquares& group : groups)
        for (std::int64_t x = 0; x < gradient.width; ++x) chi_square[x] += group[d].Row(y)[x];
      TakeLargest(filter.reached(), y, step, chi_square.data(), gradient.Row(y));
    }
  });
  return gradient;
}

Plane Enlarged(const Plane& plane, int factor, std::int64_t width, std::int64_t height) {
  struct Between {
    std::int64_t first, second;
    float share;  // of the second
  };
  const auto place = [factor](std::int64_t i, std::int64_t size) -> Between {
    const float at = (static_cast<float>(i) + 0.5f) / static_cast<float>(factor) - 0.5f;
    const auto low = static_cast<std::int64_t>(std::floor(at));
    return {std::clamp<std::int64_t>(low, 0, size - 1),
            std::clamp<std::int64_t>(low + 1, 0, size - 1), at - static_cast<float>(low)};
  };
  std::vector<Between> columns;
  for (std::int64_t x = 0; x < width; ++x) columns.push_back(place(x, plane.width));
  Plane large(width, height);
  ForEachRow(height, [&](std::int64_t y) {
    const Between rows = place(y, plane.height);
    const float *above = plane.Row(rows.first), *below = plane.Row(rows.second);
    const auto at = [&](std::int64_t x) { return above[x] + rows.share * (below[x] - above[x]); };
    for (std::int64_t x = 0; x < width; ++x) {
      const Between& column = columns[x];
      const float left = at(column.first);
      large.Row(y)[x] = left + column.share * (at(column.second) - left);
    }
  });
  return large;
}

}  // namespace gmmseg
