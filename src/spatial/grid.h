// The grid that pixels or voxels stand on, and who is whose neighbour in it.
#pragma once

#include <array>
#include <cstdint>

#include "raster/plane.h"

namespace gmmseg {

struct GridAxis {
  std::int64_t stride = 1, extent = 1;
};

// Row-major, x fastest; a picture is one slice deep.
struct Grid {
  std::int64_t width = 0, height = 0, depth = 1;

  std::int64_t size() const { return width * height * depth; }
  std::int64_t num_rows() const { return height * depth; }
  std::array<GridAxis, 3> axes() const {
    return {{{1, width}, {width, height}, {width * height, depth}}};
  }
};

inline Grid GridOf(const Plane& plane) { return {plane.width, plane.height}; }

// visit(neighbour) for each of the pixel's up to four in a picture, six in a volume.
template <typename Visitor>
void VisitNeighbours(const Grid& grid, std::int64_t pixel, const Visitor& visit) {
  const std::int64_t slice = grid.width * grid.height, size = grid.size();
  const std::int64_t column = pixel % grid.width;
  const std::int64_t in_slice = grid.depth == 1 ? pixel : pixel % slice;
  if (column > 0) visit(pixel - 1);
  if (column + 1 < grid.width) visit(pixel + 1);
  if (in_slice >= grid.width) visit(pixel - grid.width);
  if (in_slice + grid.width < slice) visit(pixel + grid.width);
  if (grid.depth == 1) return;
  if (pixel >= slice) visit(pixel - slice);
  if (pixel + slice < size) visit(pixel + slice);
}

// Numbers per pixel whose edges count: scale · values. Finite, also where there are no data.
struct GuidePlane {
  const float* values = nullptr;
  float scale = 1;
};

// A number per pixel and class: plane k, from 0, at values + k · stride.
struct ClassPlanes {
  float* values = nullptr;
  std::int64_t stride = 0;
  int num_classes = 0;

  float* Plane(int k) const { return values + k * stride; }
};

}  // namespace gmmseg
