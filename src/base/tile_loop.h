// The tile loop: how work on samples is cut into pieces that do not depend on threads.
#pragma once

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <cstdint>

namespace gmmseg {

// Samples per logical tile: long enough to hide the scheduling, short enough to balance. Results
// are sums over whole tiles, so changing it changes last bits.
inline constexpr std::int64_t kTileSize = 4096;

inline std::int64_t NumTiles(std::int64_t n) { return (n + kTileSize - 1) / kTileSize; }

// body(tile, first, count) for the tiles of 0…n-1 from `begin` to before `end`, in parallel, in any
// order.
template <typename Body>
void ForEachTile(std::int64_t n, std::int64_t begin, std::int64_t end, const Body& body) {
  tbb::parallel_for(tbb::blocked_range<std::int64_t>(begin, end), [&](const auto& range) {
    for (std::int64_t tile = range.begin(); tile != range.end(); ++tile) {
      const std::int64_t first = tile * kTileSize;
      body(tile, first, std::min(kTileSize, n - first));
    }
  });
}

// For every tile.
template <typename Body>
void ForEachTile(std::int64_t n, const Body& body) {
  ForEachTile(n, 0, NumTiles(n), body);
}

}  // namespace gmmseg
