// Random grids with classes for the tests of smoothing.
#pragma once

#include <doctest/doctest.h>
#include <gmmseg/block_reader.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/random.h"
#include "spatial/grid.h"

namespace gmmseg {

// Posteriors, a guide, and places without data, all by chance.
struct SmoothProblem {
  SmoothProblem(const Grid& shape, int classes, double without_data, std::uint64_t seed)
      : grid(shape),
        num_classes(classes),
        weight(shape.size()),
        posteriors(shape.size() * classes) {
    RandomStream random(seed, 1);
    for (std::int64_t i = 0; i < grid.size(); ++i) {
      weight[i] = random.Uniform() < without_data ? 0.0f : 1.0f;
      double sum = 0;
      std::vector<double> of_pixel(classes);
      for (double& p : of_pixel) sum += p = std::exp(2 * random.Normal());
      for (int k = 0; k < classes; ++k)
        posteriors[k * grid.size() + i] = static_cast<float>(weight[i] * of_pixel[k] / sum);
    }
    for (int c = 0; c < 3; ++c) {
      std::vector<float>& plane = guide.emplace_back(grid.size());
      for (std::int64_t i = 0; i < grid.size(); ++i)
        plane[i] = weight[i] * static_cast<float>(0.3 + 0.2 * static_cast<double>((i / 7) % 3) +
                                                  0.1 * random.Normal());
    }
  }

  std::vector<GuidePlane> Guide(int count = 3) const {
    std::vector<GuidePlane> planes;
    for (int c = 0; c < count; ++c) planes.push_back({guide[c].data()});
    return planes;
  }
  std::vector<float> LogPosteriors(float temper) const {
    std::vector<float> logs = posteriors;
    for (float& p : logs) p = p > 0 ? temper * std::log(p) : 0;
    return logs;
  }
  ClassPlanes Planes(std::vector<float>& values) const {
    return {values.data(), grid.size(), num_classes};
  }

  Grid grid;
  int num_classes;
  std::vector<float> weight, posteriors;
  std::vector<std::vector<float>> guide;
};

// Of a picture.
inline SmoothProblem PartOf(const SmoothProblem& whole, const Window& window) {
  SmoothProblem part({window.width, window.height}, whole.num_classes, 0, 0);
  const auto copy = [&](const std::vector<float>& from, std::int64_t plane,
                        std::vector<float>& to) {
    for (std::int64_t i = 0; i < part.grid.size(); ++i)
      to[plane * part.grid.size() + i] =
          from[plane * whole.grid.size() + (window.y + i / window.width) * whole.grid.width +
               window.x + i % window.width];
  };
  copy(whole.weight, 0, part.weight);
  for (int k = 0; k < whole.num_classes; ++k) copy(whole.posteriors, k, part.posteriors);
  for (std::size_t c = 0; c < whole.guide.size(); ++c) copy(whole.guide[c], 0, part.guide[c]);
  return part;
}

// Checks that smoothed(part), planes of classes, is smoothed(whole) in each cell of 20 × 20 pixels,
// for parts that reach `margin` pixels around the cell.
template <typename Smoothed>
void CheckParts(const SmoothProblem& whole, const Smoothed& smoothed, std::int64_t margin) {
  constexpr std::int64_t kCell = 20;
  const Grid& grid = whole.grid;
  const std::vector<float> expected = smoothed(whole);
  for (std::int64_t top = 0; top < grid.height; top += kCell)
    for (std::int64_t left = 0; left < grid.width; left += kCell) {
      const std::int64_t x = std::max<std::int64_t>(0, left - margin);
      const std::int64_t y = std::max<std::int64_t>(0, top - margin);
      const std::int64_t right = std::min(grid.width, left + kCell);
      const std::int64_t bottom = std::min(grid.height, top + kCell);
      const SmoothProblem part = PartOf(whole, {x, y, std::min(grid.width, right + margin) - x,
                                                std::min(grid.height, bottom + margin) - y});
      const std::vector<float> found = smoothed(part);
      for (int k = 0; k < whole.num_classes; ++k)
        for (std::int64_t row = top; row < bottom; ++row)
          CHECK(std::equal(
              expected.begin() + k * grid.size() + row * grid.width + left,
              expected.begin() + k * grid.size() + row * grid.width + right,
              found.begin() + k * part.grid.size() + (row - y) * part.grid.width + left - x));
    }
}

}  // namespace gmmseg
