#include "stream/scene_plan.h"

#include <gmmseg/errors.h>
#include <gmmseg/threads.h>

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "raster/value_size.h"
#include "stream/cells.h"

namespace gmmseg {
namespace {

constexpr std::int64_t kMegabyte = std::int64_t{1} << 20;
// The program and its libraries, and what GDAL holds of a file beside its blocks.
constexpr std::int64_t kProgram = 110 * kMegabyte;
// Shares of the memory.
constexpr std::int64_t kColors = 3, kSample = 6;  // a third, a sixth

std::int64_t PixelBytes(const RasterInfo& info) {
  return info.num_bands * BytesPerValue(info.type);
}

std::int64_t PixelsWithMargin(std::int64_t margin) {
  return (kCellSide + 2 * margin) * (kCellSide + 2 * margin);
}

// As read, decoded twice on the way; its features, samples, labels and what is known of each.
std::int64_t CellBytes(const RasterInfo& info, int num_components, const SceneOutputs& outputs) {
  constexpr std::int64_t kValidity = 2, kEntry = 4 + 4 + 8, kScores = 2 + 4 + 4 + 2;
  const std::int64_t num_features = std::max(info.num_bands, 3);
  const std::int64_t per_pixel = 2 * PixelBytes(info) + kValidity + 4 * (num_features + 1) +
                                 kEntry + kScores + 4 * outputs.num_planes;
  constexpr std::int64_t kTile = 4096 * 4;  // posteriors of a tile
  return PixelsWithMargin(outputs.margin) * per_pixel + kTile * num_components;
}

// Labels, the pieces that they make, and the borders of small ones: at worst, where every pixel is
// a piece.
std::int64_t PieceBytes(const SceneOutputs& outputs) {
  constexpr std::int64_t kPerPixel = 100;
  return outputs.piece_margin > 0 ? PixelsWithMargin(outputs.piece_margin) * kPerPixel : 1;
}

// A row of cells, with their margins, and the blocks that it cuts, of a file whose blocks are rows;
// of tiles what one cell cuts. And the tiles that are being written.
std::int64_t CacheBytes(const RasterInfo& info, const SceneOutputs& outputs) {
  const bool has_rows = info.block_width >= info.width;
  const std::int64_t side = kCellSide + 2 * outputs.margin;
  const std::int64_t width =
      has_rows ? info.width : std::min(info.width, 2 * (side + info.block_width));
  const std::int64_t height = std::min(info.height, side + info.block_height);
  return width * height * PixelBytes(info) + 4 * kCellSide * kCellSide * outputs.bytes_per_pixel +
         4 * kMegabyte;
}

}  // namespace

std::int64_t PoolBytes(std::int64_t memory) { return memory / kColors; }

ScenePlan PlanScene(const RasterInfo& info, const SegmentOptions& options, int num_components,
                    const SceneOutputs& outputs, std::int64_t memory) {
  ScenePlan plan;
  plan.spec = options.features;
  plan.cache_bytes = CacheBytes(info, outputs);
  const std::int64_t cell = CellBytes(info, num_components, {}), pieces = PieceBytes(outputs);
  const std::int64_t window = CellBytes(info, num_components, outputs);
  const std::int64_t least =
      (kProgram + plan.cache_bytes + std::max(window, pieces)) * kColors / (kColors - 1);
  if (memory < least)
    throw MemoryError(
        Format("a memory of %lld MB does not hold a cell of %lld x %lld pixels, the "
               "blocks that it lies in and what is fitted to; give at least %lldM",
               static_cast<long long>(memory / kMegabyte), static_cast<long long>(kCellSide),
               static_cast<long long>(kCellSide),
               static_cast<long long>((least + kMegabyte - 1) / kMegabyte)));
  plan.pool_bytes = PoolBytes(memory);
  const std::int64_t left = memory - plan.pool_bytes - kProgram - plan.cache_bytes;
  const auto at_a_time = [left](std::int64_t bytes) {
    return static_cast<int>(std::clamp<std::int64_t>(left / bytes, 1, ActiveThreads() + 2));
  };
  plan.cells_at_a_time = at_a_time(cell);
  plan.windows_at_a_time = at_a_time(window);
  plan.piece_windows_at_a_time = at_a_time(pieces);
  const RasterKind kind{info.num_bands, info.type, info.color_model, info.white};
  const auto pool_for = [&](std::int64_t bytes) {
    return FeaturePool::PlanFor(plan.spec, {{kind, info.width * info.height}},
                                FeaturePool::Weights::kNone, bytes, options.fit.seed);
  };
  plan.pool = pool_for(std::numeric_limits<std::int64_t>::max());
  plan.fallback = pool_for(memory / kSample);
  if (plan.pool.content == FeaturePool::Content::kSample) plan.pool = plan.fallback;
  plan.bytes = memory;
  return plan;
}

}  // namespace gmmseg
