#include "spatial/outlines.h"

#include <span>
#include <unordered_map>
#include <utility>

#include "spatial/pieces.h"

namespace gmmseg {
namespace {

struct Step {
  std::int64_t dx, dy;
};

Step RightOf(Step step) { return {-step.dy, step.dx}; }
Step LeftOf(Step step) { return {step.dy, -step.dx}; }

// Twice the signed area: positive for what lies to the right of the line, where y points down.
std::int64_t TwiceArea(const Ring& ring) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < ring.size(); ++i) {
    const Corner &a = ring[i], &b = ring[(i + 1) % ring.size()];
    sum += a.x * b.y - b.x * a.y;
  }
  return sum;
}

// Walks along sides of pixels with the label always on the right.
class OutlineWalk {
 public:
  OutlineWalk(const std::vector<std::uint32_t>& labels, std::int64_t width)
      : labels_(labels),
        width_(width),
        height_(std::ssize(labels) / width),
        piece_of_(FindPieces({width_, height_}, std::span(labels)).of_pixel),
        walked_(labels.size()) {}

  // Every line has a side that is some pixel's upper one; a piece is met at its first pixel.
  std::vector<Outline> Walk() && {
    for (std::int64_t i = 0; i < std::ssize(labels_); ++i) {
      if (labels_[i] == 0) continue;
      if (piece_of_[i] > outlines_.size()) outlines_.push_back({labels_[i], {}, {}});
      if (!walked_[i] && (i < width_ || labels_[i - width_] != labels_[i])) WalkAround(i);
    }
    return std::move(outlines_);
  }

 private:
  bool Has(std::int64_t x, std::int64_t y, std::uint32_t label) const {
    return x >= 0 && x < width_ && y >= 0 && y < height_ && labels_[y * width_ + x] == label;
  }

  // Whether the pixel ahead of the corner, on the walk's left or right, has the label.
  bool HasAhead(Corner at, Step step, Step aside, std::uint32_t label) const {
    return Has(at.x + (step.dx + aside.dx - 1) / 2, at.y + (step.dy + aside.dy - 1) / 2, label);
  }

  // A line may pass a corner twice, where pixels of the label meet diagonally; there it is cut in
  // two.
  void WalkAround(std::int64_t first) {
    const std::uint32_t label = labels_[first];
    const Corner start{first % width_, first / width_};
    Outline& outline = outlines_[piece_of_[first] - 1];
    Ring ring;
    DiagonalCorners diagonal;
    Corner at = start;
    Step step{1, 0};
    do {
      if (step.dx > 0) walked_[at.y * width_ + at.x] = true;
      at = {at.x + step.dx, at.y + step.dy};
      const bool right = HasAhead(at, step, RightOf(step), label);
      const bool left = HasAhead(at, step, LeftOf(step), label);
      if (right && !left) continue;  // straight on
      if (!right && left) CutLoop(at, diagonal, ring, outline);
      ring.push_back(at);
      step = right ? LeftOf(step) : RightOf(step);
    } while (at != start || step.dx != 1);
    Add(std::move(ring), outline);
  }

  // Where the ring has the corners that it may come back to.
  using DiagonalCorners = std::unordered_map<std::int64_t, std::ptrdiff_t>;

  void CutLoop(Corner at, DiagonalCorners& diagonal, Ring& ring, Outline& outline) const {
    const auto [known, is_new] = diagonal.emplace(at.y * (width_ + 1) + at.x, std::ssize(ring));
    if (is_new) return;
    const auto loop = ring.begin() + known->second;
    Add(Ring(loop, ring.end()), outline);
    ring.erase(loop, ring.end());
  }

  static void Add(Ring ring, Outline& outline) {
    if (TwiceArea(ring) > 0)
      outline.outer = std::move(ring);
    else
      outline.holes.push_back(std::move(ring));
  }

  const std::vector<std::uint32_t>& labels_;
  std::int64_t width_, height_;
  std::vector<std::uint32_t> piece_of_;  // from 1
  std::vector<bool> walked_;             // along its upper side
  std::vector<Outline> outlines_;
};

}  // namespace

std::vector<Outline> OutlinesOf(const std::vector<std::uint32_t>& labels, std::int64_t width) {
  return OutlineWalk(labels, width).Walk();
}

}  // namespace gmmseg
