#include "evaluate/hausdorff.h"

#include <algorithm>
#include <cmath>

#include "base/quantile.h"

namespace gmmseg {
namespace {

// A k-d tree: the middle of a part divides it by x and by y in turn.
class NearestPlace {
 public:
  explicit NearestPlace(std::vector<PixelPlace> places)
      : places_(std::move(places)), nearest_(places_.front()) {
    Build({0, places_.size(), &PixelPlace::x});
  }

  // The square of the distance to the nearest. The search begins at the nearest of the query
  // before, so that queries side by side take little time.
  std::int64_t From(PixelPlace query) {
    query_ = query;
    least_ = SquaredDistance(query, nearest_);
    Search({0, places_.size(), &PixelPlace::x}, {0, 0});
    return least_;
  }

 private:
  using Axis = std::int32_t PixelPlace::*;
  static constexpr std::size_t kFewPlaces = 8;

  struct Part {
    std::size_t begin, end;
    Axis axis;

    std::size_t middle() const { return begin + (end - begin) / 2; }
    Part Below() const { return {begin, middle(), OtherAxis()}; }
    Part Above() const { return {middle() + 1, end, OtherAxis()}; }
    Axis OtherAxis() const { return axis == &PixelPlace::x ? &PixelPlace::y : &PixelPlace::x; }
  };

  void Build(const Part& part) {
    if (part.end - part.begin <= kFewPlaces) return;
    const auto first = places_.begin();
    std::ranges::nth_element(first + part.begin, first + part.middle(), first + part.end, {},
                             part.axis);
    Build(part.Below());
    Build(part.Above());
  }

  // `away`: how far the query lies outside the part, by x and by y.
  void Search(const Part& part, PixelPlace away) {
    if (part.end - part.begin <= kFewPlaces) {
      for (std::size_t i = part.begin; i < part.end; ++i) Take(places_[i]);
      return;
    }
    Take(places_[part.middle()]);
    const std::int32_t beyond = query_.*part.axis - places_[part.middle()].*part.axis;
    Search(beyond < 0 ? part.Below() : part.Above(), away);
    away.*part.axis = beyond;
    if (SquaredDistance(away, {0, 0}) < least_)
      Search(beyond < 0 ? part.Above() : part.Below(), away);
  }

  void Take(PixelPlace place) {
    const std::int64_t distance = SquaredDistance(query_, place);
    if (distance >= least_) return;
    least_ = distance;
    nearest_ = place;
  }

  std::vector<PixelPlace> places_;
  PixelPlace query_{}, nearest_;
  std::int64_t least_ = 0;
};

double DirectedPercentile(const std::vector<PixelPlace>& from, const std::vector<PixelPlace>& to) {
  NearestPlace nearest(to);
  std::vector<double> distances;
  distances.reserve(from.size());
  for (const PixelPlace place : from)
    distances.push_back(std::sqrt(static_cast<double>(nearest.From(place))));
  std::ranges::sort(distances);
  return Quantile(distances, 0.95);
}

}  // namespace

Surfaces SurfacesOf(const LabelGrid& grid) {
  Surfaces surfaces;
  for (std::int32_t y = 0; y < grid.height(); ++y)
    for (std::int32_t x = 0; x < grid.width(); ++x) {
      const std::int32_t label = grid.At(x, y);
      const bool is_inner = grid.At(x - 1, y) == label && grid.At(x + 1, y) == label &&
                            grid.At(x, y - 1) == label && grid.At(x, y + 1) == label;
      if (label != LabelGrid::kNone && !is_inner) surfaces[label].push_back({x, y});
    }
  return surfaces;
}

double Hausdorff95(const std::vector<PixelPlace>& a, const std::vector<PixelPlace>& b) {
  return std::max(DirectedPercentile(a, b), DirectedPercentile(b, a));
}

}  // namespace gmmseg
