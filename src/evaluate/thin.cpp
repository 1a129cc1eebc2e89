#include "evaluate/thin.h"

#include <algorithm>
#include <array>

namespace gmmseg {
namespace {

// The neighbours of a pixel, counterclockwise from the right one: x1 … x8 of the paper.
using Neighbourhood = std::array<bool, 8>;

// The pixels that are drawn, with an empty frame around.
class Drawing {
 public:
  Drawing(const std::vector<PixelPlace>& pixels, std::int32_t width, std::int32_t height)
      : stride_(width + 2), drawn_(static_cast<std::size_t>(stride_ * (height + 2))) {
    for (const PixelPlace pixel : pixels) drawn_[IndexOf(pixel)] = true;
  }

  Neighbourhood Around(PixelPlace pixel) const {
    const std::int64_t at = IndexOf(pixel);
    return {drawn_[at + 1],           drawn_[at - stride_ + 1], drawn_[at - stride_],
            drawn_[at - stride_ - 1], drawn_[at - 1],           drawn_[at + stride_ - 1],
            drawn_[at + stride_],     drawn_[at + stride_ + 1]};
  }

  void Erase(PixelPlace pixel) { drawn_[IndexOf(pixel)] = false; }

 private:
  std::int64_t IndexOf(PixelPlace pixel) const { return (pixel.y + 1) * stride_ + pixel.x + 1; }

  std::int64_t stride_;
  std::vector<bool> drawn_;
};

// Of the two halves of an iteration the first takes away pixels from the right and above, the
// second from the left and below.
enum class Half { kFirst, kSecond };

bool IsOnEdge(const Neighbourhood& x, Half half) {
  const std::size_t turn = half == Half::kFirst ? 0 : 4;
  const auto at = [&](std::size_t i) { return x[(i + turn) % 8]; };
  return !((at(1) || at(2) || !at(7)) && at(0));
}

// Its neighbours hold together without it, and it is no end of a line.
bool IsSuperfluous(const Neighbourhood& x) {
  int crossings = 0, pairs = 0, other_pairs = 0;
  for (std::size_t i = 0; i < 8; i += 2) {
    const bool straight = x[i], diagonal = x[i + 1], next = x[(i + 2) % 8];
    crossings += !straight && (diagonal || next);
    pairs += straight || diagonal;
    other_pairs += diagonal || next;
  }
  const int fewer = std::min(pairs, other_pairs);
  return crossings == 1 && fewer >= 2 && fewer <= 3;
}

// Whether a pixel was taken away.
bool TakeAway(Drawing& drawing, std::vector<PixelPlace>& pixels, Half half) {
  const auto stays = [&](PixelPlace pixel) {
    const Neighbourhood around = drawing.Around(pixel);
    return !IsOnEdge(around, half) || !IsSuperfluous(around);
  };
  const auto gone = std::ranges::stable_partition(pixels, stays);
  for (const PixelPlace pixel : gone) drawing.Erase(pixel);
  const bool is_changed = !gone.empty();
  pixels.erase(gone.begin(), gone.end());
  return is_changed;
}

}  // namespace

std::vector<PixelPlace> Thin(std::vector<PixelPlace> pixels, std::int32_t width,
                             std::int32_t height) {
  Drawing drawing(pixels, width, height);
  for (bool changes = true; changes;) {
    const bool first = TakeAway(drawing, pixels, Half::kFirst);
    changes = TakeAway(drawing, pixels, Half::kSecond) || first;
  }
  return pixels;
}

}  // namespace gmmseg
