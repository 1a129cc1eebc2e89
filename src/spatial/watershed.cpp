#include "spatial/watershed.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "spatial/pieces.h"

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

// Gives the piece of pixels without label around `first` this label.
void FillPiece(const Plane& weight, std::int64_t first, std::uint32_t label,
               std::vector<std::uint32_t>& labels) {
  labels[first] = label;
  std::vector<std::int64_t> piece = {first};
  for (std::size_t next = 0; next < piece.size(); ++next)
    VisitNeighbours(GridOf(weight), piece[next], [&](std::int64_t neighbour) {
      if (labels[neighbour] != 0 || !(weight.values[neighbour] > 0)) return;
      labels[neighbour] = label;
      piece.push_back(neighbour);
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
  const Grid grid = GridOf(relief);
  LevelQueue queue;
  std::uint32_t last = num_labels;
  for (std::int64_t pixel = 0; pixel < relief.size(); ++pixel) {
    if (labels[pixel] == 0) continue;
    last = std::max(last, labels[pixel]);
    queue.Push(levels(pixel), pixel);
  }
  for (std::int64_t pixel = queue.Pop(); pixel >= 0; pixel = queue.Pop())
    VisitNeighbours(grid, pixel, [&](std::int64_t neighbour) {
      if (labels[neighbour] != 0 || !(weight.values[neighbour] > 0)) return;
      labels[neighbour] = labels[pixel];
      queue.Push(levels(neighbour), neighbour);
    });
  for (std::int64_t pixel = 0; pixel < relief.size(); ++pixel)
    if (labels[pixel] == 0 && weight.values[pixel] > 0) FillPiece(weight, pixel, ++last, labels);
  return last;
}

void KeepLargestPieces(const Plane& grid, std::vector<std::uint32_t>& labels) {
  const Pieces pieces = FindPieces(GridOf(grid), std::span<const std::uint32_t>(labels));
  std::vector<std::uint32_t> largest(*std::ranges::max_element(labels) + 1);  // piece of each label
  const auto size_of = [&](std::uint32_t piece) {
    return piece == 0 ? 0 : pieces.sizes[piece - 1];
  };
  for (std::size_t i = 0; i < labels.size(); ++i) {
    std::uint32_t& best = largest[labels[i]];
    if (size_of(pieces.of_pixel[i]) > size_of(best)) best = pieces.of_pixel[i];
  }
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (pieces.of_pixel[i] != largest[labels[i]]) labels[i] = 0;
}

}  // namespace gmmseg
