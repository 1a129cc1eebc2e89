#include "stream/cells.h"

#include <algorithm>

namespace gmmseg {

CellReader::CellReader(BlockReader& reader)
    : reader_(reader),
      info_(reader.info()),
      columns_((info_.width + kCellSide - 1) / kCellSide),
      rows_((info_.height + kCellSide - 1) / kCellSide) {}

Window CellReader::At(std::int64_t cell) const {
  const std::int64_t x = cell % columns_ * kCellSide, y = cell / columns_ * kCellSide;
  return {x, y, std::min(kCellSide, info_.width - x), std::min(kCellSide, info_.height - y)};
}

Raster CellReader::Read(std::int64_t cell) {
  const std::lock_guard lock(mutex_);
  return reader_.Read(At(cell));
}

}  // namespace gmmseg
