#include "spatial/pieces.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>

#include "base/random.h"

namespace gmmseg {
namespace {

using Labels = std::vector<std::uint16_t>;

// Pieces by flooding, one after another; 0 where the label is.
std::vector<std::uint32_t> ByFlooding(const Grid& grid, const Labels& labels) {
  std::vector<std::uint32_t> pieces(labels.size());
  std::uint32_t last = 0;
  for (std::int64_t first = 0; first < grid.size(); ++first) {
    if (labels[first] == 0 || pieces[first] > 0) continue;
    std::vector<std::int64_t> stack = {first};
    pieces[first] = ++last;
    while (!stack.empty()) {
      const std::int64_t i = stack.back();
      stack.pop_back();
      VisitNeighbours(grid, i, [&](std::int64_t j) {
        if (labels[j] != labels[i] || pieces[j] > 0) return;
        pieces[j] = last;
        stack.push_back(j);
      });
    }
  }
  return pieces;
}

// AbsorbSmallPieces by its definition: all pieces anew after each that is given away.
void AbsorbByDefinition(const Grid& grid, std::int64_t min_size, Labels& labels) {
  while (true) {
    const std::vector<std::uint32_t> pieces = ByFlooding(grid, labels);
    std::map<std::uint32_t, std::int64_t> sizes;
    std::map<std::uint32_t, std::map<std::uint32_t, std::int64_t>> borders;
    for (std::int64_t i = 0; i < grid.size(); ++i) {
      if (pieces[i] == 0) continue;
      ++sizes[pieces[i]];
      VisitNeighbours(grid, i, [&](std::int64_t j) {
        if (pieces[j] > 0 && pieces[j] != pieces[i]) ++borders[pieces[i]][pieces[j]];
      });
    }
    std::uint32_t smallest = 0;  // pieces are numbered by their first pixels
    for (const auto& [piece, size] : sizes)
      if (size < min_size && borders.contains(piece) && (smallest == 0 || size < sizes[smallest]))
        smallest = piece;
    if (smallest == 0) return;
    std::uint32_t best = 0;
    for (const auto& [piece, length] : borders[smallest])
      if (best == 0 ||
          std::pair(length, sizes[piece]) > std::pair(borders[smallest][best], sizes[best]))
        best = piece;
    const auto of_best = std::ranges::find(pieces, best) - pieces.begin();
    for (std::int64_t i = 0; i < grid.size(); ++i)
      if (pieces[i] == smallest) labels[i] = labels[of_best];
  }
}

Labels RandomLabels(const Grid& grid, int num_labels, double without_data, std::uint64_t seed) {
  RandomStream random(seed, 2);
  Labels labels(grid.size());
  for (std::uint16_t& label : labels)
    label = random.Uniform() < without_data
                ? 0
                : static_cast<std::uint16_t>(1 + num_labels * random.Uniform());
  return labels;
}

constexpr Grid kGrids[] = {{17, 13}, {1, 30}, {30, 1}, {2, 2}, {7, 6, 5}, {1, 1}};

TEST_CASE("pieces: as flooding finds them, in pictures and volumes, numbered by first pixels") {
  for (const Grid& grid : kGrids)
    for (const int num_labels : {1, 2, 4})
      for (const double without_data : {0.0, 0.4}) {
        const Labels labels = RandomLabels(grid, num_labels, without_data, 3);
        const Pieces pieces = FindPieces(grid, std::span<const std::uint16_t>(labels));
        CHECK(pieces.of_pixel == ByFlooding(grid, labels));
        for (std::int64_t p = 0; p < pieces.num_pieces(); ++p)
          CHECK(pieces.sizes[p] ==
                std::ranges::count(pieces.of_pixel, static_cast<std::uint32_t>(p + 1)));
      }
}

TEST_CASE("small pieces go to their best neighbours, one after another, by the definition") {
  for (const Grid& grid : kGrids)
    for (const int num_labels : {2, 3, 6})
      for (const double without_data : {0.0, 0.2, 0.6})
        for (const std::int64_t min_size : {2, 5, 20})
          for (const std::uint64_t seed : {1u, 2u, 3u}) {
            Labels labels = RandomLabels(grid, num_labels, without_data, seed), expected = labels;
            const Labels before = labels;
            const MovedPieces moved = AbsorbSmallPieces(grid, min_size, labels);
            AbsorbByDefinition(grid, min_size, expected);
            CHECK(labels == expected);
            std::int64_t pixels = 0;
            for (std::size_t i = 0; i < labels.size(); ++i) pixels += labels[i] != before[i];
            CHECK(moved.pixels == pixels);
            CHECK((moved.pieces == 0) == (pixels == 0));
          }
}

TEST_CASE("small pieces: nothing below 2, and large pieces are left alone") {
  const Grid grid{20, 20};
  Labels labels = RandomLabels(grid, 3, 0, 1);
  const Labels before = labels;
  CHECK(AbsorbSmallPieces(grid, 1, labels) == MovedPieces{});
  CHECK(labels == before);
  for (std::int64_t i = 0; i < grid.size(); ++i) labels[i] = i % 20 < 10 ? 1 : 2;
  CHECK(AbsorbSmallPieces(grid, 200, labels) == MovedPieces{});
}

TEST_CASE("small pieces: a chain of them, all of them small, and islands without data around") {
  Labels chain = {1, 2, 3, 4, 4, 4, 4, 4};
  AbsorbSmallPieces({8, 1}, 4, chain);
  CHECK(chain == Labels(8, 4));
  Labels all_small = {1, 2, 1, 2};
  AbsorbSmallPieces({2, 2}, 100, all_small);  // one class is left, of fewer pixels than asked for
  CHECK(all_small == Labels(4, all_small[0]));
  Labels islands = {1, 0, 2, 0, 3, 3, 3};
  CHECK(AbsorbSmallPieces({7, 1}, 3, islands) == MovedPieces{});
  CHECK(islands == Labels{1, 0, 2, 0, 3, 3, 3});
}

TEST_CASE("small pieces: the longest border counts, then the size, then the place") {
  // 9 shares three pairs with 1 and one with 2, which is larger.
  Labels longest = {1, 1, 1, 2, 2,  //
                    1, 9, 2, 2, 2,  //
                    1, 1, 1, 2, 2};
  AbsorbSmallPieces({5, 3}, 2, longest);
  CHECK(longest[6] == 1);
  Labels larger = {1, 1, 9, 2, 2, 2};
  AbsorbSmallPieces({6, 1}, 2, larger);
  CHECK(larger == Labels{1, 1, 2, 2, 2, 2});
  Labels first = {1, 1, 9, 2, 2};
  AbsorbSmallPieces({5, 1}, 2, first);
  CHECK(first == Labels{1, 1, 1, 2, 2});
}

}  // namespace
}  // namespace gmmseg
