// Where regions end, as closed lines along the sides of pixels.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace gmmseg {

// Of pixels: (0, 0) is the upper left corner of the first one, x goes right and y down.
struct Corner {
  std::int64_t x = 0, y = 0;

  bool operator==(const Corner&) const = default;
};

// Where a closed line turns; the last corner is joined to the first, which is not repeated. No
// corner comes twice.
using Ring = std::vector<Corner>;

// One 4-connected piece. With x right and y up, `outer` would go anticlockwise and `holes`
// clockwise (RFC 7946, 3.1.6); here, where y points down, it is the other way round to the eye.
// Rings touch in single corners at most.
struct Outline {
  std::uint32_t label = 0;
  Ring outer;
  std::vector<Ring> holes;
};

// The pieces of all labels > 0, row-major, in the order of their first pixels. Cost: linear in the
// pixels, and 5 bytes for each beside the corners.
std::vector<Outline> OutlinesOf(const std::vector<std::uint32_t>& labels, std::int64_t width);

}  // namespace gmmseg
