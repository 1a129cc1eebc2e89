// The labels that count, where they lie.
#pragma once

#include <gmmseg/contingency_table.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace gmmseg {

struct PixelPlace {
  std::int32_t x, y;
};

inline std::int64_t SquaredDistance(PixelPlace a, PixelPlace b) {
  const std::int64_t dx = a.x - b.x, dy = a.y - b.y;
  return dx * dx + dy * dy;
}

class LabelGrid {
 public:
  static constexpr std::int32_t kNone = -1;  // left out

  // What is `ignored` in the truth is left out.
  LabelGrid(const LabelMap& map, const LabelMap& truth, std::optional<std::uint16_t> ignored)
      : width_(static_cast<std::int32_t>(map.width)),
        height_(static_cast<std::int32_t>(map.height)),
        labels_(map.labels.begin(), map.labels.end()) {
    if (!ignored) return;
    for (std::size_t i = 0; i < labels_.size(); ++i)
      if (truth.labels[i] == *ignored) labels_[i] = kNone;
  }

  std::int32_t width() const { return width_; }
  std::int32_t height() const { return height_; }
  // kNone outside, too.
  std::int32_t At(std::int32_t x, std::int32_t y) const {
    const bool is_inside = x >= 0 && y >= 0 && x < width_ && y < height_;
    return is_inside ? labels_[static_cast<std::int64_t>(y) * width_ + x] : kNone;
  }

 private:
  std::int32_t width_, height_;
  std::vector<std::int32_t> labels_;
};

// A prediction's and its truth's.
struct LabelGrids {
  LabelGrid prediction, truth;
};

}  // namespace gmmseg
