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
    std::map<std::uint32_t, std::map<std::uint16_t, std::int64_t>> borders;  // with labels
    for (std::int64_t i = 0; i < grid.size(); ++i) {
      if (pieces[i] == 0) continue;
      ++sizes[pieces[i]];
      VisitNeighbours(grid, i, [&](std::int64_t j) {
        if (pieces[j] > 0 && pieces[j] != pieces[i]) ++borders[pieces[i]][labels[j]];
      });
    }
    std::uint32_t smallest = 0;  // pieces are numbered by their first pixels
    for (const auto& [piece, size] : sizes)
      if (size < min_size && borders.contains(piece) && (smallest == 0 || size < sizes[smallest]))
        smallest = piece;
    if (smallest == 0) return;
    const auto best = std::ranges::max_element(borders[smallest], {},
                                               [](const auto& border) { return border.second; });
    for (std::int64_t i = 0; i < grid.size(); ++i)
      if (pieces[i] == smallest) labels[i] = best->first;
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

TEST_CASE("small pieces: the longest border with a label counts, then the lowest label") {
  // 9 shares three pairs with 1 and one with 2, of which there is more.
  Labels longest = {1, 1, 1, 2, 2,  //
                    1, 9, 2, 2, 2,  //
                    1, 1, 1, 2, 2};
  AbsorbSmallPieces({5, 3}, 2, longest);
  CHECK(longest[6] == 1);
  Labels lowest = {2, 2, 2, 9, 1, 1};
  AbsorbSmallPieces({6, 1}, 2, lowest);
  CHECK(lowest == Labels{2, 2, 2, 1, 1, 1});
  // Two pieces of 3 share one pair each with 9, and the only one of 1 as many as one of them.
  Labels together = {0, 3, 3, 0,  //
                     1, 9, 0, 0,  //
                     1, 3, 3, 0};
  AbsorbSmallPieces({4, 3}, 2, together);
  CHECK(together[5] == 3);
}

// Blobs of about 16 pixels, speckled.
Labels Blobs(const Grid& grid, std::uint64_t seed) {
  RandomStream random(seed, 2);
  const Grid coarse{grid.width / 4 + 1, grid.height / 4 + 1};
  const Labels blobs = RandomLabels(coarse, 3, 0.05, seed);
  Labels labels(grid.size());
  for (std::int64_t i = 0; i < grid.size(); ++i) {
    labels[i] = blobs[i / grid.width / 4 * coarse.width + i % grid.width / 4];
    if (random.Uniform() < 0.05) labels[i] = static_cast<std::uint16_t>(1 + 4 * random.Uniform());
  }
  return labels;
}

// A part of a picture, cut around a cell.
struct Part {
  Part(const Grid& grid, const Window& cell, std::int64_t margin)
      : x(std::max<std::int64_t>(0, cell.x - margin)),
        y(std::max<std::int64_t>(0, cell.y - margin)),
        shape{std::min(grid.width, cell.x + cell.width + margin) - x,
              std::min(grid.height, cell.y + cell.height + margin) - y},
        open{x > 0, y > 0, x + shape.width < grid.width, y + shape.height < grid.height} {}

  Labels Of(const Grid& grid, const Labels& labels) const {
    Labels part;
    for (std::int64_t row = y; row < y + shape.height; ++row)
      part.insert(part.end(), labels.begin() + row * grid.width + x,
                  labels.begin() + row * grid.width + x + shape.width);
    return part;
  }

  std::int64_t x, y;
  Grid shape;
  OpenSides open;
};

TEST_CASE("small pieces: parts with a margin give the whole's labels and counts, cell by cell") {
  constexpr std::int64_t kCell = 30, kMargin = 45;
  const Grid grid{150, 120};
  for (const std::int64_t min_size : {3, 12})
    for (const std::uint64_t seed : {1u, 2u, 3u}) {
      const Labels before = Blobs(grid, seed);
      Labels whole = before, cells(grid.size());
      const MovedPieces expected = AbsorbSmallPieces(grid, min_size, whole);
      MovedPieces sum;
      for (std::int64_t top = 0; top < grid.height; top += kCell)
        for (std::int64_t left = 0; left < grid.width; left += kCell) {
          const Part part(grid, {left, top, kCell, kCell}, kMargin);
          Labels labels = part.Of(grid, before);
          const MovedPieces moved = AbsorbSmallPieces(part.shape, min_size, labels, part.open,
                                                      {left - part.x, top - part.y, kCell, kCell});
          sum.pieces += moved.pieces;
          sum.pixels += moved.pixels;
          for (std::int64_t row = top; row < top + kCell; ++row)
            std::copy_n(labels.begin() + (row - part.y) * part.shape.width + left - part.x, kCell,
                        cells.begin() + row * grid.width + left);
        }
      CHECK(cells == whole);
      CHECK(sum == expected);
      CHECK(sum.pieces > 50);
    }
}

TEST_CASE("small pieces: one at an open side is left alone, in every slice") {
  const Labels before = {1, 1, 2,  //
                         1, 1, 1,  //
                         3, 1, 1,  //
                                   //
                         1, 1, 1,  //
                         1, 2, 1,  //
                         1, 1, 3};
  Labels labels = before;
  const Grid grid{3, 3, 2};
  const Window all{0, 0, 3, 3};
  CHECK(AbsorbSmallPieces(grid, 2, labels, {.top = true, .bottom = true}, all) ==
        MovedPieces{1, 1});
  CHECK(labels[13] == 1);
  labels = before;
  CHECK(AbsorbSmallPieces(grid, 2, labels, {.left = true}, all) == MovedPieces{3, 3});
  CHECK(labels[6] == 3);
  labels = before;
  CHECK(AbsorbSmallPieces(grid, 2, labels, {.right = true}, {0, 0, 1, 3}) == MovedPieces{1, 1});
  CHECK(labels == Labels{1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3});
}

}  // namespace
}  // namespace gmmseg
