#include "evaluate/boundary.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "base/random.h"
#include "evaluate/thin.h"
#include "test_maps.h"

namespace gmmseg {
namespace {

LabelGrid GridOf(const OwnedMap& map) { return {map.view(), map.view(), std::nullopt}; }

std::vector<PixelPlace> RandomPlaces(int count, std::uint64_t seed) {
  std::set<std::pair<std::int32_t, std::int32_t>> places;  // y, x
  RandomStream random(seed, 0);
  while (std::ssize(places) < count)
    places.emplace(static_cast<std::int32_t>(12 * random.Uniform()),
                   static_cast<std::int32_t>(12 * random.Uniform()));
  std::vector<PixelPlace> sorted;
  for (const auto& [y, x] : places) sorted.push_back({x, y});
  return sorted;
}

// The most pairs, by trying for each pixel from `f` on every partner and none.
int MostPairs(const std::vector<PixelPlace>& from, const std::vector<PixelPlace>& to,
              double tolerance, std::size_t f, std::vector<bool>& taken) {
  if (f == from.size()) return 0;
  int most = MostPairs(from, to, tolerance, f + 1, taken);
  for (std::size_t t = 0; t < to.size(); ++t) {
    if (taken[t] || static_cast<double>(SquaredDistance(from[f], to[t])) > tolerance * tolerance)
      continue;
    taken[t] = true;
    most = std::max(most, 1 + MostPairs(from, to, tolerance, f + 1, taken));
    taken[t] = false;
  }
  return most;
}

auto NumPairs(const std::vector<int>& matches) {
  return std::ssize(matches) - std::ranges::count(matches, -1);
}

}  // namespace

TEST_CASE("boundary: pixels that differ to the right, below, or right and below, thinned") {
  const OwnedMap corner(4, 4, [](auto x, auto y) { return x >= 2 && y >= 2; });
  std::vector<std::pair<int, int>> places;
  for (const PixelPlace place : BoundaryPixels(GridOf(corner)))
    places.emplace_back(place.x, place.y);
  CHECK(places == std::vector<std::pair<int, int>>{{2, 1}, {3, 1}, {1, 2}, {1, 3}});
}

TEST_CASE("boundary: there is none around what is left out") {
  const OwnedMap map(5, 5, [](auto x, auto) { return x; });
  const LabelGrid grid(map.view(), map.view(), 2);
  for (const PixelPlace place : BoundaryPixels(grid)) CHECK((place.x == 0 || place.x == 3));
  CHECK(BoundaryPixels(grid).size() == 10);
}

TEST_CASE("thinning: as many pixels as scikit-image's thin leaves, and the same ones") {
  std::vector<PixelPlace> pixels;
  for (std::int32_t y = 0; y < 17; ++y)
    for (std::int32_t x = 0; x < 24; ++x)
      if ((x * x + 3 * y * y + x * y) % 11 < 6) pixels.push_back({x, y});
  CHECK(pixels.size() == 333);
  const std::vector<PixelPlace> thin = Thin(pixels, 24, 17);
  CHECK(thin.size() == 195);
  int sum = 0;
  for (const PixelPlace place : thin) sum += 31 * place.x + 17 * place.y;
  CHECK(sum == 93754);
  CHECK(std::ranges::is_sorted(thin, {}, [](PixelPlace place) { return 24 * place.y + place.x; }));
}

TEST_CASE("boundary matching: as many pairs as SciPy's maximum_bipartite_matching") {
  const std::vector<PixelPlace> predicted = BoundaryPixels(GridOf(Predicted()));
  const std::vector<PixelPlace> truth = BoundaryPixels(GridOf(Truth()));
  CHECK(predicted.size() == 95);
  CHECK(truth.size() == 78);
  CHECK(NumPairs(MatchBoundaries(predicted, truth, 0)) == 23);
  CHECK(NumPairs(MatchBoundaries(predicted, truth, 1)) == 47);
  CHECK(NumPairs(MatchBoundaries(predicted, truth, 1.5)) == 67);
  CHECK(NumPairs(MatchBoundaries(predicted, truth, 3)) == 78);
}

TEST_CASE("boundary matching: the most pairs by trying all, one with one, within the tolerance") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const auto from = RandomPlaces(9, seed), to = RandomPlaces(8, seed + 1000);
    const double tolerance = 1 + static_cast<double>(seed % 4);
    const std::vector<int> matches = MatchBoundaries(from, to, tolerance);
    std::vector<bool> taken(to.size());
    CHECK(NumPairs(matches) == MostPairs(from, to, tolerance, 0, taken));
    std::set<int> partners;
    for (std::size_t f = 0; f < from.size(); ++f) {
      if (matches[f] < 0) continue;
      CHECK(partners.insert(matches[f]).second);
      CHECK(static_cast<double>(SquaredDistance(from[f], to[matches[f]])) <= tolerance * tolerance);
    }
  }
}

TEST_CASE("boundary matching: nobody to go with") {
  const std::vector<PixelPlace> some = {{0, 0}, {5, 5}};
  CHECK(MatchBoundaries({}, some, 2).empty());
  CHECK(MatchBoundaries(some, {}, 2) == std::vector<int>{-1, -1});
  CHECK(MatchBoundaries(some, {{1, 0}, {5, 5}}, 0) == std::vector<int>{-1, 1});
}

}  // namespace gmmseg
