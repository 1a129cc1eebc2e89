// Plane: one number per pixel of a picture.
#pragma once

#include <gmmseg/aligned_buffer.h>

#include <cstdint>
#include <vector>

namespace gmmseg {

// Row-major; zeros at first.
struct Plane {
  Plane() = default;
  Plane(std::int64_t num_columns, std::int64_t num_rows)
      : width(num_columns),
        height(num_rows),
        values(static_cast<std::size_t>(num_columns * num_rows)) {}

  std::int64_t size() const { return width * height; }
  float* Row(std::int64_t y) { return values.data() + y * width; }
  const float* Row(std::int64_t y) const { return values.data() + y * width; }

  std::int64_t width = 0, height = 0;
  AlignedBuffer<float> values;
};

// Several values per pixel.
struct PlaneStack {
  std::vector<Plane> planes;  // 0 where the weight is
  Plane weight;               // 1, or 0 where there is no data
};

// Means over the pixels with data of blocks of factor × factor pixels; of weight 1 where there is
// such a pixel.
PlaneStack Reduced(const PlaneStack& stack, int factor);

}  // namespace gmmseg
