// Connected pieces of label maps, and what becomes of small ones.
#pragma once

#include <gmmseg/block_reader.h>

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

// Gives pieces of fewer than `min_size` pixels away, the smallest piece first and of equals the
// first: each takes the label with which it shares the longest border, in pairs of pixels, of
// equals the lowest. It becomes one piece with all pieces of that label around it, and is looked at
// again if that is still small. In the end no piece is small but one without a neighbour, which is
// alone among pixels of label 0. What becomes of a small piece depends on the small pieces that it
// hangs together with and on the labels around them, and on nothing else. Deterministic; one
// thread. Cost: linear in pixels, and n log n in those of small pieces.
MovedPieces AbsorbSmallPieces(const Grid& grid, std::int64_t min_size,
                              std::span<std::uint16_t> labels);

// Sides beyond which the image goes on.
struct OpenSides {
  bool left = false, top = false, right = false, bottom = false;
};

// The same in a part of an image. Pieces at its open sides, which may go on beyond, count as large.
// So small pieces that hang together, none of them at an open side, become what they become in the
// whole. Returns the pixels that changed their label in the rectangle `counted` (of each slice),
// and the pieces that did whose first pixel lies in it: where small pieces end so within each part,
// sums over rectangles that tile the image are the whole's.
MovedPieces AbsorbSmallPieces(const Grid& grid, std::int64_t min_size,
                              std::span<std::uint16_t> labels, const OpenSides& open,
                              const Window& counted);

}  // namespace gmmseg
