// Random grids with classes for the tests of smoothing.
#pragma once

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

}  // namespace gmmseg
