#include "evaluate/thin.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

namespace gmmseg {
namespace {

// The neighbours of a pixel that are drawn, counterclockwise from the right one: bit i is x(i+1) of
// the paper.
using Neighbourhood = std::uint8_t;

// The pixels that are drawn, with an empty frame around.
class Drawing {
 public:
  Drawing(const std::vector<PixelPlace>& pixels, std::int32_t width, std::int32_t height)
      : stride_(width + 2),
        drawn_(static_cast<std::size_t>(stride_ * (height + 2))),
        steps_{1, 1 - stride_, -stride_, -1 - stride_, -1, stride_ - 1, stride_, stride_ + 1} {
    for (const PixelPlace pixel : pixels) drawn_[IndexOf(pixel)] = 1;
  }

  Neighbourhood Around(PixelPlace pixel) const {
    const std::int64_t at = IndexOf(pixel);
    unsigned around = 0;
    for (std::size_t i = 0; i < steps_.size(); ++i)
      around |= static_cast<unsigned>(drawn_[at + steps_[i]]) << i;
    return static_cast<Neighbourhood>(around);
  }

  void Erase(PixelPlace pixel) { drawn_[IndexOf(pixel)] = 0; }

 private:
  std::int64_t IndexOf(PixelPlace pixel) const { return (pixel.y + 1) * stride_ + pixel.x + 1; }

  std::int64_t stride_;
  std::vector<std::uint8_t> drawn_;
  std::array<std::int64_t, 8> steps_;  // to the neighbours
};

// Of the two halves of an iteration the first takes pixels away from the right and above, the
// second from the left and below.
enum class Half { kFirst, kSecond };

constexpr bool IsOnEdge(Neighbourhood x, Half half) {
  const int turn = half == Half::kFirst ? 0 : 4;
  const auto at = [=](int i) { return (x >> (i + turn) % 8 & 1) != 0; };
  return !((at(1) || at(2) || !at(7)) && at(0));
}

// Its neighbours hold together without it, and it is no end of a line.
constexpr bool IsSuperfluous(Neighbourhood x) {
  const auto at = [=](int i) { return (x >> i % 8 & 1) != 0; };
  int crossings = 0, pairs = 0, other_pairs = 0;
  for (int i = 0; i < 8; i += 2) {
    crossings += !at(i) && (at(i + 1) || at(i + 2));
    pairs += at(i) || at(i + 1);
    other_pairs += at(i + 1) || at(i + 2);
  }
  const int fewer = std::min(pairs, other_pairs);
  return crossings == 1 && fewer >= 2 && fewer <= 3;
}

// Of every neighbourhood whether the pixel within stays.
using Verdicts = std::array<bool, 256>;

constexpr Verdicts VerdictsOf(Half half) {
  Verdicts stays{};
  for (std::size_t i = 0; i < stays.size(); ++i) {
    const auto around = static_cast<Neighbourhood>(i);
    stays[i] = !(IsOnEdge(around, half) && IsSuperfluous(around));
  }
  return stays;
}

// Whether a pixel was taken away.
bool TakeAway(Drawing& drawing, std::vector<PixelPlace>& pixels, const Verdicts& stays) {
  std::vector<PixelPlace> staying, going;
  std::ranges::partition_copy(pixels, std::back_inserter(staying), std::back_inserter(going),
                              [&](PixelPlace pixel) { return stays[drawing.Around(pixel)]; });
  for (const PixelPlace pixel : going) drawing.Erase(pixel);
  pixels = std::move(staying);
  return !going.empty();
}

}  // namespace

std::vector<PixelPlace> Thin(std::vector<PixelPlace> pixels, std::int32_t width,
                             std::int32_t height) {
  Drawing drawing(pixels, width, height);
  static constexpr Verdicts kFirst = VerdictsOf(Half::kFirst), kSecond = VerdictsOf(Half::kSecond);
  for (bool changes = true; changes;) {
    const bool first = TakeAway(drawing, pixels, kFirst);
    changes = TakeAway(drawing, pixels, kSecond) || first;
  }
  return pixels;
}

}  // namespace gmmseg
