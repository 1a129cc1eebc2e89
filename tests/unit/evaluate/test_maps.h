// Label maps whose scores scikit-learn 1.2 and SciPy 1.10 have reckoned.
#pragma once

#include <gmmseg/contingency_table.h>

#include <functional>
#include <vector>

namespace gmmseg {

struct OwnedMap {
  std::int64_t width, height;
  std::vector<std::uint16_t> labels;

  OwnedMap(std::int64_t map_width, std::int64_t map_height,
           const std::function<std::int64_t(std::int64_t x, std::int64_t y)>& label)
      : width(map_width), height(map_height) {
    for (std::int64_t y = 0; y < height; ++y)
      for (std::int64_t x = 0; x < width; ++x)
        labels.push_back(static_cast<std::uint16_t>(label(x, y)));
  }

  LabelMap view() const { return {width, height, labels}; }
};

// Slanting stripes: five labels, 1…5, against four, 0…3.
inline OwnedMap Predicted() {
  return {24, 17, [](std::int64_t x, std::int64_t y) { return (7 * x + 3 * y) / 29 % 5 + 1; }};
}
inline OwnedMap Truth() {
  return {24, 17, [](std::int64_t x, std::int64_t y) { return (5 * x + 4 * y) / 27 % 4; }};
}

inline OwnedMap Constant(std::int64_t width, std::int64_t height, int label) {
  return {width, height, [label](std::int64_t, std::int64_t) { return label; }};
}

}  // namespace gmmseg
