// What a raster that is not held will take, before any of it is read.
#pragma once

#include <gmmseg/block_reader.h>
#include <gmmseg/segment.h>

#include <algorithm>
#include <cstdint>

#include "features/feature_pool.h"

namespace gmmseg {

struct ScenePlan {
  FeatureSpec spec;
  FeaturePool::Plan pool;      // colours wherever they can be counted,
  FeaturePool::Plan fallback;  // and this where they turn out to be more than fit
  std::int64_t pool_bytes = 0;
  // That are begun and not finished: in readings of the whole, in that for the labels, and when
  // small pieces are looked for.
  int cells_at_a_time = 1, windows_at_a_time = 1, piece_windows_at_a_time = 1;
  std::int64_t cache_bytes = 0;  // of blocks, as read and to be written
  std::int64_t bytes = 0;        // that all of it may take
};

// What a cell is labelled with, and what is written of each of its pixels, beside its label.
struct SceneOutputs {
  int num_planes = 0;                // of float, that a cell holds until it is written
  std::int64_t bytes_per_pixel = 1;  // in all files
  std::int64_t margin = 0;           // pixels around each cell that its labels depend on
  std::int64_t piece_margin = 0;     // in which small pieces are looked for; 0: they are not
};

// Pixels around each cell in which pieces of fewer pixels than `min_size` are looked for: as far as
// one of them can reach, and its neighbours, but no less than lets small ones hang together, and no
// more than memory holds at little expense.
inline constexpr std::int64_t kLeastPieceMargin = 128, kMostPieceMargin = 512;
constexpr std::int64_t PieceMargin(std::int64_t min_size) {
  return std::clamp(min_size - 1, kLeastPieceMargin, kMostPieceMargin);
}

// What of the memory holds distinct colours, or a sample with what EM needs of it: decided by it
// alone, so that the fit does not hang on the file's blocks.
std::int64_t PoolBytes(std::int64_t memory);

// For at most `memory` bytes. Throws MemoryError, with the least that suffices,
// where not even a cell fits.
ScenePlan PlanScene(const RasterInfo& info, const SegmentOptions& options, int num_components,
                    const SceneOutputs& outputs, std::int64_t memory);

}  // namespace gmmseg
