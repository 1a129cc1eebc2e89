// Connected pieces of label maps, and what becomes of small ones.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "spatial/grid.h"

namespace gmmseg {

// A piece is a maximal set of pixels of one label that steps to neighbours, 4 in a picture and 6 in
// a volume, lead through; pixels of label 0 are in none.
struct Pieces {
  std::vector<std::uint32_t> of_pixel;  // 1…P, ascending by first pixel; 0 where the label is
  std::vector<std::int64_t> sizes;      // P, pixels

  std::int64_t num_pieces() const { return std::ssize(sizes); }
};

// One thread; cost linear in pixels.
Pieces FindPieces(const Grid& grid, std::span<const std::uint16_t> labels);
Pieces FindPieces(const Grid& grid, std::span<const std::uint32_t> labels);

struct MovedPieces {
  std::int64_t pieces = 0, pixels = 0;  // that changed their label
  bool operator==(const MovedPieces&) const = default;
};

// Gives pieces of fewer than `min_size` pixels to their best neighbours, the smallest piece first
// and of equals the first: the best is the neighbouring piece with which it shares the longest
// border, in pairs of pixels, of equals the larger, then the first. With its label it becomes one
// piece with that neighbour, and with all others of that label around it, and is looked at again if
// that is still small. In the end no piece is small but one without a neighbour, which is alone
// among pixels of label 0. Deterministic; one thread. Cost: linear in pixels, and n log n in those
// of small pieces.
MovedPieces AbsorbSmallPieces(const Grid& grid, std::int64_t min_size,
                              std::span<std::uint16_t> labels);

}  // namespace gmmseg
