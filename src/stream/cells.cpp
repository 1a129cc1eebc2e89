#include "stream/cells.h"

#include <algorithm>

namespace gmmseg {

std::int64_t NumCells(std::int64_t width, std::int64_t height) {
  return (width + kCellSide - 1) / kCellSide * ((height + kCellSide - 1) / kCellSide);
}

CellReader::CellReader(BlockReader& reader)
    : reader_(reader),
      info_(reader.info()),
      columns_((info_.width + kCellSide - 1) / kCellSide),
      size_(NumCells(info_.width, info_.height)) {}

Window CellReader::At(std::int64_t cell, std::int64_t margin) const {
  const std::int64_t x = cell % columns_ * kCellSide, y = cell / columns_ * kCellSide;
  const std::int64_t left = std::max<std::int64_t>(0, x - margin);
  const std::int64_t top = std::max<std::int64_t>(0, y - margin);
  return {left, top, std::min(x + kCellSide + margin, info_.width) - left,
          std::min(y + kCellSide + margin, info_.height) - top};
}

Raster CellReader::ReadPixel() {
  const std::lock_guard lock(mutex_);
  return reader_.Read({0, 0, 1, 1});
}

Raster CellReader::Read(std::int64_t cell, std::int64_t margin) {
  const std::lock_guard lock(mutex_);
  return reader_.Read(At(cell, margin));
}

}  // namespace gmmseg
