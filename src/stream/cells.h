// A raster in cells of 512 × 512 pixels of its own grid, whatever blocks its file has: sums over
// cells are the same bits for any file, any budget of memory and any number of threads.
#pragma once

#include <gmmseg/block_reader.h>

#include <cstdint>
#include <mutex>

namespace gmmseg {

inline constexpr std::int64_t kCellSide = 512;  // pixels; smaller at the right and lower borders

// Of a raster of this size.
std::int64_t NumCells(std::int64_t width, std::int64_t height);

class CellReader {
 public:
  explicit CellReader(BlockReader& reader);

  const RasterInfo& info() const { return info_; }
  std::int64_t size() const { return size_; }
  // Row by row of cells; with so many pixels around it, as far as there are any.
  Window At(std::int64_t cell, std::int64_t margin = 0) const;
  // That holds the pixel of this column and row.
  std::int64_t Holding(std::int64_t x, std::int64_t y) const {
    return y / kCellSide * columns_ + x / kCellSide;
  }
  // From any thread, one at a time. Throws as BlockReader::Read does.
  Raster Read(std::int64_t cell, std::int64_t margin = 0);
  // The first one, which tells of what kind all are.
  Raster ReadPixel();

 private:
  BlockReader& reader_;
  const RasterInfo& info_;
  std::int64_t columns_, size_;
  std::mutex mutex_;
};

}  // namespace gmmseg
