#include "segment/region_refinement.h"

#include <algorithm>
#include <cstdlib>

#include "raster/gaussian_filter.h"
#include "spatial/gradient.h"
#include "spatial/watershed.h"

namespace gmmseg {
namespace {

// The leaves of the blocks of a reduced image.
struct Blocks {
  const std::vector<std::uint32_t>& leaves;
  std::int64_t width, height;  // in blocks
  int factor;

  std::uint32_t Leaf(std::int64_t column, std::int64_t row) const {
    return leaves[row * width + column];
  }
  std::uint32_t LeafOfPixel(std::int64_t x, std::int64_t y) const {
    return Leaf(x / factor, y / factor);
  }
  // Its leaf goes on in all blocks around it that have data.
  bool IsInside(std::int64_t column, std::int64_t row) const {
    const std::uint32_t leaf = Leaf(column, row);
    for (std::int64_t r = std::max<std::int64_t>(row - 1, 0); r <= std::min(row + 1, height - 1);
         ++r)
      for (std::int64_t c = std::max<std::int64_t>(column - 1, 0);
           c <= std::min(column + 1, width - 1); ++c)
        if (Leaf(c, r) != leaf && Leaf(c, r) != 0) return false;
    return true;
  }
};

// Of a block that lies within its leaf all pixels, of others the one nearest to the centre; 0 where
// it is to be found out.
std::vector<std::uint32_t> Markers(const Blocks& blocks, const Plane& weight) {
  std::vector<std::uint32_t> markers(weight.size());
  for (std::int64_t row = 0; row < blocks.height; ++row)
    for (std::int64_t column = 0; column < blocks.width; ++column) {
      const bool inside = blocks.IsInside(column, row);
      const std::int64_t first_x = column * blocks.factor, first_y = row * blocks.factor;
      const std::int64_t end_x = std::min(first_x + blocks.factor, weight.width);
      const std::int64_t end_y = std::min(first_y + blocks.factor, weight.height);
      const std::int64_t center_x = (first_x + end_x) / 2, center_y = (first_y + end_y) / 2;
      std::int64_t nearest = -1, least = 0;  // to the centre
      for (std::int64_t y = first_y; y < end_y; ++y)
        for (std::int64_t x = first_x; x < end_x; ++x) {
          if (!(weight.Row(y)[x] > 0)) continue;
          const std::int64_t pixel = y * weight.width + x;
          const std::int64_t distance = std::abs(x - center_x) + std::abs(y - center_y);
          if (inside) markers[pixel] = blocks.Leaf(column, row);
          if (nearest < 0 || distance < least) {
            nearest = pixel;
            least = distance;
          }
        }
      if (nearest >= 0) markers[nearest] = blocks.Leaf(column, row);
    }
  return markers;
}

Plane ColorGradient(const PlaneStack& colors) {
  const GaussianFilter filter(1, colors.weight);
  std::vector<Plane> smooth;
  for (const Plane& color : colors.planes) smooth.push_back(filter.Apply(color));
  return GradientMagnitude(smooth);
}

}  // namespace

std::vector<std::uint32_t> Refined(const std::vector<std::uint32_t>& leaves, int factor,
                                   std::uint32_t num_leaves, const PlaneStack& colors) {
  const Plane& weight = colors.weight;
  const Blocks blocks{leaves, (weight.width + factor - 1) / factor,
                      (weight.height + factor - 1) / factor, factor};
  std::vector<std::uint32_t> refined = Markers(blocks, weight);
  const Plane gradient = ColorGradient(colors);
  Flood(gradient, weight, refined, num_leaves);
  KeepLargestPieces(weight, refined);
  Flood(gradient, weight, refined, num_leaves);
  for (std::int64_t i = 0; i < weight.size(); ++i)  // pieces that no flood reached
    if (refined[i] > num_leaves)
      refined[i] = blocks.LeafOfPixel(i % weight.width, i / weight.width);
  return refined;
}

}  // namespace gmmseg
