#include "spatial/watershed.h"

#include <algorithm>
#include <cmath>

namespace gmmseg {
namespace {

constexpr int kLevels = 4096;

// Pixels by level, first in, first out.
class LevelQueue {
 public:
  LevelQueue() : pixels_(kLevels) {}

  // No lower than the level that is being taken from.
  void Push(int level, std::int64_t pixel) { pixels_[std::max(level, level_)].push_back(pixel); }

  // -1: empty.
  std::int64_t Pop() {
    while (next_ == pixels_[level_].size()) {
      pixels_[level_] = {};
      next_ = 0;
      if (++level_ == kLevels) return -1;
    }
    return pixels_[level_][next_++];
  }

 private:
  std::vector<std::vector<std::int64_t>> pixels_;
  int level_ = 0;
  std::size_t next_ = 0;
};

class LevelsOf {
 public:
  explicit LevelsOf(const Plane& relief) : relief_(relief) {
    const auto [low, high] = std::minmax_element(relief.values.begin(), relief.values.end());
    low_ = *low;
    scale_ = *high > *low ? static_cast<float>(kLevels - 1) / (*high - *low) : 0;
  }
  int operator()(std::int64_t pixel) const {
    return static_cast<int>((relief_.values[pixel] - low_) * scale_);
  }

 private:
  const Plane& relief_;
  float low_ = 0, scale_ = 0;
};

// visit(neighbour) for each of the pixel's up to four.
template <typename Visitor>
void VisitNeighbours(const Plane& grid, std::int64_t pixel, const Visitor& visit) {
  const std::int64_t x = pixel % grid.width;
  if (x > 0) visit(pixel - 1);
  if (x + 1 < grid.width) visit(pixel + 1);
  if (pixel >= grid.width) visit(pixel - grid.width);
  if (pixel + grid.width < grid.size()) visit(pixel + grid.width);
}

// The pixels that steps to neighbours of which belongs(neighbour) holds, and which thereby ceases
// to hold, lead to from `first`.
template <typename Belongs>
std::vector<std::int64_t> CollectPiece(const Plane& grid, std::int64_t first,
                                       const Belongs& belongs) {
  std::vector<std::int64_t> piece = {first};
  for (std::size_t next = 0; next < piece.size(); ++next)
    VisitNeighbours(grid, piece[next], [&](std::int64_t neighbour) {
      if (belongs(neighbour)) piece.push_back(neighbour);
    });
  return piece;
}

// Gives the piece of pixels without label around `first` this label.
void FillPiece(const Plane& weight, std::int64_t first, std::uint32_t label,
               std::vector<std::uint32_t>& labels) {
  labels[first] = label;
  CollectPiece(weight, first, [&](std::int64_t neighbour) {
    if (labels[neighbour] != 0 || !(weight.values[neighbour] > 0)) return false;
    labels[neighbour] = label;
    return true;
  });
}

}  // namespace

std::vector<std::uint32_t> GridMarkers(const Plane& weight, std::int64_t count) {
  const double cell = std::sqrt(static_cast<double>(weight.size()) / static_cast<double>(count));
  const auto cells = [cell](std::int64_t length) {
    return std::clamp<std::int64_t>(std::llround(static_cast<double>(length) / cell), 1, length);
  };
  const std::int64_t num_columns = cells(weight.width), num_rows = cells(weight.height);
  std::vector<std::uint32_t> markers(weight.size());
  std::uint32_t label = 0;
  for (std::int64_t row = 0; row < num_rows; ++row)
    for (std::int64_t column = 0; column < num_columns; ++column) {
      const std::int64_t y = (2 * row + 1) * weight.height / (2 * num_rows);
      const std::int64_t x = (2 * column + 1) * weight.width / (2 * num_columns);
      if (weight.Row(y)[x] > 0) markers[y * weight.width + x] = ++label;
    }
  return markers;
}

std::uint32_t Flood(const Plane& relief, const Plane& weight, std::vector<std::uint32_t>& labels,
                    std::uint32_t num_labels) {
  const LevelsOf levels(relief);
  LevelQueue queue;
  std::uint32_t last = num_labels;
  for (std::int64_t pixel = 0; pixel < relief.size(); ++pixel) {
    if (labels[pixel] == 0) continue;
    last = std::max(last, labels[pixel]);
    queue.Push(levels(pixel), pixel);
  }
  for (std::int64_t pixel = queue.Pop(); pixel >= 0; pixel = queue.Pop())
    VisitNeighbours(relief, pixel, [&](std::int64_t neighbour) {
      if (labels[neighbour] != 0 || !(weight.values[neighbour] > 0)) return;
      labels[neighbour] = labels[pixel];
      queue.Push(levels(neighbour), neighbour);
    });
  for (std::int64_t pixel = 0; pixel < relief.size(); ++pixel)
    if (labels[pixel] == 0 && weight.values[pixel] > 0) FillPiece(weight, pixel, ++last, labels);
  return last;
}

void KeepLargestPieces(const Plane& grid, std::vector<std::uint32_t>& labels) {
  struct Piece {
    std::int64_t first = -1, size = 0;
  };
  std::vector<Piece> largest(*std::ranges::max_element(labels) + 1);
  std::vector<bool> seen(labels.size());
  const auto visit_piece = [&](std::int64_t first) {
    const std::uint32_t label = labels[first];
    seen[first] = true;
    return CollectPiece(grid, first, [&](std::int64_t neighbour) {
      if (labels[neighbour] != label || seen[neighbour]) return false;
      seen[neighbour] = true;
      return true;
    });
  };
  for (std::int64_t i = 0; i < grid.size(); ++i) {
    if (labels[i] == 0 || seen[i]) continue;
    const std::int64_t size = std::ssize(visit_piece(i));
    if (size > largest[labels[i]].size) largest[labels[i]] = {i, size};
  }
  seen.assign(labels.size(), false);
  for (const Piece& piece : largest)
    if (piece.first >= 0) visit_piece(piece.first);
  for (std::int64_t i = 0; i < grid.size(); ++i)
    if (!seen[i]) labels[i] = 0;
}

}  // namespace gmmseg
