// What a raster that is not held will take, before any of it is read.
#pragma once

#include <gmmseg/block_reader.h>
#include <gmmseg/segment.h>

#include <cstdint>

#include "features/feature_pool.h"

namespace gmmseg {

struct ScenePlan {
  FeatureSpec spec;
  FeaturePool::Plan pool;      // colours wherever they can be counted,
  FeaturePool::Plan fallback;  // and this where they turn out to be more than fit
  std::int64_t pool_bytes = 0;
  int cells_at_a_time = 1;       // that are begun and not finished
  std::int64_t cache_bytes = 0;  // of blocks, as read and to be written
  std::int64_t bytes = 0;        // that all of it may take
};

// What is written of each pixel, beside its label.
struct SceneOutputs {
  int num_planes = 0;                // of float, that a cell holds until it is written
  std::int64_t bytes_per_pixel = 1;  // in all files
};

// For at most `memory` bytes. Throws MemoryError, with the least that suffices,
// where not even a cell fits.
ScenePlan PlanScene(const RasterInfo& info, const SegmentOptions& options, int num_components,
                    const SceneOutputs& outputs, std::int64_t memory);

}  // namespace gmmseg
