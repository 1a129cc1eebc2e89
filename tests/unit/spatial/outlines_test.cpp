#include "spatial/outlines.h"

#include <doctest/doctest.h>

#include <set>
#include <utility>

#include "base/random.h"

namespace gmmseg {
namespace {

using Labels = std::vector<std::uint32_t>;

// Labels 0…num_labels; with `smoothness`, a pixel is often as the one before it.
Labels NoiseMap(std::int64_t size, std::uint32_t num_labels, double smoothness,
                std::uint64_t seed) {
  RandomStream random(seed, 0);
  Labels labels(size);
  for (std::int64_t i = 0; i < size; ++i)
    labels[i] = i > 0 && random.Uniform() < smoothness
                    ? labels[i - 1]
                    : static_cast<std::uint32_t>(random.Uniform() * (num_labels + 1));
  return labels;
}

std::int64_t TwiceArea(const Ring& ring) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < ring.size(); ++i) {
    const Corner a = ring[i], b = ring[(i + 1) % ring.size()];
    sum += a.x * b.y - b.x * a.y;
  }
  return sum;
}

// Turns what lies to the right of the ring's sides, row by row, on or off.
void Flip(const Ring& ring, std::int64_t width, std::vector<int>& inside) {
  for (std::size_t i = 0; i < ring.size(); ++i) {
    const Corner a = ring[i], b = ring[(i + 1) % ring.size()];
    for (std::int64_t y = std::min(a.y, b.y); y < std::max(a.y, b.y); ++y)
      for (std::int64_t x = a.x; x < width; ++x) inside[y * width + x] ^= 1;
  }
}

void CheckRing(const Ring& ring, int sign) {
  CHECK(ring.size() >= 4);
  CHECK(TwiceArea(ring) * sign > 0);
  std::set<std::pair<std::int64_t, std::int64_t>> corners;
  for (std::size_t i = 0; i < ring.size(); ++i) {
    const Corner a = ring[i], b = ring[(i + 1) % ring.size()], c = ring[(i + 2) % ring.size()];
    CHECK_MESSAGE(corners.insert({a.x, a.y}).second, "a corner comes twice");
    CHECK((a.x == b.x) != (a.y == b.y));
    CHECK((b.x == c.x) != (a.x == b.x));  // it turns everywhere
  }
}

// Each outline is one 4-connected piece of its label, whole; all of them are all pixels > 0.
void CheckOutlines(const Labels& labels, std::int64_t width) {
  std::vector<int> covered(labels.size());
  for (const Outline& outline : OutlinesOf(labels, width)) {
    CheckRing(outline.outer, 1);
    std::vector<int> inside(labels.size());
    Flip(outline.outer, width, inside);
    for (const Ring& hole : outline.holes) {
      CheckRing(hole, -1);
      Flip(hole, width, inside);
    }
    const std::int64_t size = std::ssize(labels);
    for (std::int64_t i = 0; i < size; ++i) {
      if (inside[i] == 0) continue;
      CHECK(labels[i] == outline.label);
      ++covered[i];
      for (const auto& [j, beside] :
           {std::pair{i + 1, (i + 1) % width != 0}, std::pair{i + width, i + width < size}})
        if (beside && labels[j] == labels[i]) CHECK(inside[j] == 1);
    }
  }
  for (std::size_t i = 0; i < labels.size(); ++i) CHECK(covered[i] == (labels[i] > 0 ? 1 : 0));
}

TEST_CASE("an outline turns where the piece does, outer ring first, holes the other way round") {
  const Labels labels = {1, 1, 1,  //
                         1, 0, 1,  //
                         1, 1, 1};
  const std::vector<Outline> outlines = OutlinesOf(labels, 3);
  REQUIRE(outlines.size() == 1);
  CHECK(outlines[0].label == 1);
  CHECK(outlines[0].outer == Ring{{3, 0}, {3, 3}, {0, 3}, {0, 0}});
  REQUIRE(outlines[0].holes.size() == 1);
  CHECK(TwiceArea(outlines[0].holes[0]) == -2);
}

TEST_CASE("pieces that meet diagonally are two; holes that do are two as well") {
  CHECK(OutlinesOf({1, 0, 0, 1}, 2).size() == 2);
  const Labels labels = {1, 1, 1, 1,  //
                         1, 0, 1, 1,  //
                         1, 1, 0, 1,  //
                         1, 1, 1, 1};
  const std::vector<Outline> outlines = OutlinesOf(labels, 4);
  REQUIRE(outlines.size() == 1);
  CHECK(outlines[0].holes.size() == 2);
  CheckOutlines(labels, 4);
}

TEST_CASE("outlines of noise cover every pixel of a label once, and nothing else") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    const std::int64_t width = 1 + static_cast<std::int64_t>(seed % 9);
    CheckOutlines(NoiseMap(width * 7, static_cast<std::uint32_t>(1 + seed % 3),
                           seed % 2 == 0 ? 0.0 : 0.7, seed),
                  width);
  }
}

TEST_CASE("no pixel with a label, no outline") {
  CHECK(OutlinesOf({}, 3).empty());
  CHECK(OutlinesOf({0, 0, 0}, 3).empty());
}

}  // namespace
}  // namespace gmmseg
