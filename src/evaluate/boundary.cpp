#include "evaluate/boundary.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "evaluate/thin.h"

namespace gmmseg {
namespace {

constexpr int kNobody = -1;

// The pixels of a boundary that lie within a disc.
class Neighbours {
 public:
  Neighbours(const std::vector<PixelPlace>& places, double radius)
      : places_(places), radius_(static_cast<std::int32_t>(radius)) {
    const std::int32_t num_rows = places.empty() ? 0 : places.back().y + 1;
    for (std::int32_t y = 0; y <= num_rows; ++y)
      row_begins_.push_back(std::ranges::lower_bound(places, y, {}, &PixelPlace::y) -
                            places.begin());
    for (std::int32_t dy = 0; dy <= radius_; ++dy)
      half_widths_.push_back(static_cast<std::int32_t>(std::sqrt(radius * radius - dy * dy)));
  }

  // visit(index) until it says that it is enough.
  template <typename Visit>
  void ForEach(PixelPlace center, const Visit& visit) const {
    const auto num_rows = static_cast<std::int32_t>(row_begins_.size()) - 1;
    const std::int32_t last = std::min(center.y + radius_, num_rows - 1);
    for (std::int32_t y = std::max(center.y - radius_, 0); y <= last; ++y) {
      const std::int32_t half_width = half_widths_[std::abs(y - center.y)];
      const auto end = places_.begin() + row_begins_[y + 1];
      auto place = std::ranges::lower_bound(places_.begin() + row_begins_[y], end,
                                            center.x - half_width, {}, &PixelPlace::x);
      for (; place != end && place->x <= center.x + half_width; ++place)
        if (visit(static_cast<int>(place - places_.begin()))) return;
    }
  }

 private:
  const std::vector<PixelPlace>& places_;
  std::int32_t radius_;
  std::vector<std::ptrdiff_t> row_begins_;  // of rows 0 … the last with a place, and the end
  std::vector<std::int32_t> half_widths_;   // of the disc, by the distance of the row
};

// Searches from all unmatched pixels at once for ways along which one pixel more goes with another,
// until none is left: no two ways of a search meet. Reference: Berge 1957; the forest of searches
// as in Azad, Buluç and Pothen 2017.
class Matcher {
 public:
  Matcher(const std::vector<PixelPlace>& from, const std::vector<PixelPlace>& to, double tolerance)
      : from_(from),
        to_(to),
        tolerance_(tolerance),
        neighbours_(to, tolerance),
        to_of_(from.size(), kNobody),
        from_of_(to.size(), kNobody) {}

  // The nearest first. Not the most, but nearly, and fast.
  void MatchNearest() {
    for (double radius = 0; radius < tolerance_; radius = std::max(radius + 1, 1.25 * radius))
      MatchWithin(Neighbours(to_, radius));
    MatchWithin(neighbours_);
  }

  void MatchMost() {
    while (Augment()) continue;
  }

  const std::vector<int>& to_of() const { return to_of_; }

 private:
  void Join(int f, int t) {
    to_of_[f] = t;
    from_of_[t] = f;
  }

  void MatchWithin(const Neighbours& neighbours) {
    for (int f = 0; f < std::ssize(from_); ++f) {
      if (to_of_[f] != kNobody) continue;
      int nearest = kNobody;
      std::int64_t least = std::numeric_limits<std::int64_t>::max();
      neighbours.ForEach(from_[f], [&](int t) {
        const std::int64_t distance = SquaredDistance(from_[f], to_[t]);
        if (from_of_[t] == kNobody && distance < least) {
          nearest = t;
          least = distance;
        }
        return least == 0;
      });
      if (nearest != kNobody) Join(f, nearest);
    }
  }

  // Whether any way was found.
  bool Augment() {
    std::vector<int> queue, root(from_.size(), kNobody), reached_by(to_.size(), kNobody);
    std::vector<bool> ended(from_.size());  // of a root: its way is found
    for (int f = 0; f < std::ssize(from_); ++f)
      if (to_of_[f] == kNobody) {
        queue.push_back(f);
        root[f] = f;
      }
    bool any = false;
    for (std::size_t i = 0; i < queue.size(); ++i) {
      const int f = queue[i];
      if (ended[root[f]]) continue;
      neighbours_.ForEach(from_[f], [&](int t) {
        if (reached_by[t] != kNobody) return false;
        reached_by[t] = f;
        if (const int next = from_of_[t]; next != kNobody) {
          root[next] = root[f];
          queue.push_back(next);
          return false;
        }
        TakeWay(t, reached_by);
        ended[root[f]] = true;
        any = true;
        return true;
      });
    }
    return any;
  }

  // Back to the root.
  void TakeWay(int free, const std::vector<int>& reached_by) {
    while (free != kNobody) {
      const int f = reached_by[free];
      const int next = to_of_[f];
      Join(f, free);
      free = next;
    }
  }

  const std::vector<PixelPlace>&from_, &to_;
  double tolerance_;
  Neighbours neighbours_;
  std::vector<int> to_of_, from_of_;
};

}  // namespace

std::vector<PixelPlace> BoundaryPixels(const LabelGrid& grid) {
  std::vector<PixelPlace> pixels;
  for (std::int32_t y = 0; y < grid.height(); ++y)
    for (std::int32_t x = 0; x < grid.width(); ++x) {
      const std::int32_t label = grid.At(x, y);
      const auto differs = [&](std::int32_t dx, std::int32_t dy) {
        const std::int32_t other = grid.At(x + dx, y + dy);
        return other != LabelGrid::kNone && other != label;
      };
      if (label != LabelGrid::kNone && (differs(1, 0) || differs(0, 1) || differs(1, 1)))
        pixels.push_back({x, y});
    }
  return Thin(std::move(pixels), grid.width(), grid.height());
}

std::vector<int> MatchBoundaries(const std::vector<PixelPlace>& from,
                                 const std::vector<PixelPlace>& to, double tolerance) {
  Matcher matcher(from, to, tolerance);
  matcher.MatchNearest();
  matcher.MatchMost();
  return matcher.to_of();
}

}  // namespace gmmseg
