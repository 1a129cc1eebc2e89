#include "evaluate/hausdorff.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "base/quantile.h"
#include "base/random.h"
#include "test_maps.h"

namespace gmmseg {
namespace {

Surfaces SurfacesOf(const OwnedMap& map) {
  return SurfacesOf(LabelGrid(map.view(), map.view(), std::nullopt));
}

double Directed(const std::vector<PixelPlace>& from, const std::vector<PixelPlace>& to) {
  std::vector<double> distances;
  for (const PixelPlace a : from) {
    double least = 1e9;
    for (const PixelPlace b : to) least = std::min(least, std::hypot(a.x - b.x, a.y - b.y));
    distances.push_back(least);
  }
  std::ranges::sort(distances);
  return Quantile(distances, 0.95);
}

}  // namespace

TEST_CASE("hausdorff: the 95th percentiles of SciPy's distance transform and NumPy") {
  const Surfaces predicted = SurfacesOf(Predicted()), truth = SurfacesOf(Truth());
  CHECK(Hausdorff95(predicted.at(1), truth.at(1)) == doctest::Approx(5.029705854077835));
  CHECK(Hausdorff95(predicted.at(2), truth.at(2)) == doctest::Approx(6.66227766016838));
  CHECK(Hausdorff95(predicted.at(3), truth.at(3)) == doctest::Approx(10.0));
}

TEST_CASE("hausdorff: by looking at every pair of places") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    RandomStream random(seed, 0);
    std::vector<PixelPlace> sides[2];
    for (auto& side : sides)
      for (std::uint64_t i = 0; i < 1 + 11 * seed; ++i)
        side.push_back({static_cast<std::int32_t>(40 * random.Uniform()),
                        static_cast<std::int32_t>(30 * random.Uniform())});
    CHECK(Hausdorff95(sides[0], sides[1]) ==
          std::max(Directed(sides[0], sides[1]), Directed(sides[1], sides[0])));
  }
}

TEST_CASE("hausdorff: a surface is what touches another label, the edge, or what is left out") {
  const OwnedMap square(7, 7, [](auto x, auto y) { return x >= 1 && x <= 5 && y >= 1 && y <= 5; });
  CHECK(SurfacesOf(square).at(1).size() == 16);
  CHECK(SurfacesOf(square).at(0).size() == 24);
  CHECK(SurfacesOf(Constant(6, 5, 3)).at(3).size() == 18);
  const LabelGrid cut(square.view(), square.view(), 0);
  CHECK(SurfacesOf(cut).size() == 1);
}

}  // namespace gmmseg
