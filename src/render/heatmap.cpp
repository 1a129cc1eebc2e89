#include <gmmseg/errors.h>
#include <gmmseg/render.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "base/tile_loop.h"
#include "render/heat_index.h"

namespace gmmseg {
namespace {

// 24 equally spaced colours of viridis and magma (N. Smith, S. van der Walt, E. Firing; CC0, the
// maps of matplotlib 3.6). The spline through them is at most 1 (viridis) and 2 (magma) of 255 away
// from matplotlib's 256 entries.
using Anchors = std::array<std::uint32_t, 24>;
constexpr Anchors kViridisAnchors{0x440154, 0x471164, 0x482071, 0x472e7c, 0x443c84, 0x3f4889,
                                  0x39558c, 0x34618d, 0x2f6c8e, 0x2a768e, 0x26818e, 0x228b8d,
                                  0x1f958b, 0x1fa088, 0x24aa83, 0x30b47c, 0x41bd72, 0x57c666,
                                  0x6fcf57, 0x8ad647, 0xa7db35, 0xc4e021, 0xe2e418, 0xfde725};
constexpr Anchors kMagmaAnchors{0x000004, 0x060518, 0x110c2f, 0x1f114a, 0x301164, 0x430f75,
                                0x55147d, 0x661b80, 0x772281, 0x892881, 0x9b2e7f, 0xad347c,
                                0xbf3a77, 0xd0416f, 0xe04c67, 0xed5a5f, 0xf66d5c, 0xfa825f,
                                0xfd9769, 0xfeab75, 0xfec085, 0xfed597, 0xfde9aa, 0xfcfdbf};

// Channel c of anchor i; one beyond either end continues the line.
double AnchorValue(const Anchors& anchors, int i, int c) {
  const int last = static_cast<int>(anchors.size()) - 1;
  if (i < 0) return 2 * AnchorValue(anchors, 0, c) - AnchorValue(anchors, -i, c);
  if (i > last) return 2 * AnchorValue(anchors, last, c) - AnchorValue(anchors, 2 * last - i, c);
  return static_cast<double>(anchors[i] >> (8 * (2 - c)) & 0xffu);
}

// The colour at t in 0…1: the cubic spline of Catmull and Rom (1974).
Rgb Interpolate(const Anchors& anchors, double t) {
  const int num_spans = static_cast<int>(anchors.size()) - 1;
  const int span = std::min(static_cast<int>(t * num_spans), num_spans - 1);
  const double u = t * num_spans - span;
  Rgb color;
  for (int c = 0; c < 3; ++c) {
    const double p0 = AnchorValue(anchors, span - 1, c), p1 = AnchorValue(anchors, span, c);
    const double p2 = AnchorValue(anchors, span + 1, c), p3 = AnchorValue(anchors, span + 2, c);
    const double value =
        p1 +
        0.5 * u * (p2 - p0 + u * (2 * p0 - 5 * p1 + 4 * p2 - p3 + u * (3 * (p1 - p2) + p3 - p0)));
    color[c] = static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
  }
  return color;
}

}  // namespace

std::vector<std::uint8_t> HeatIndices(std::span<const float> values,
                                      std::span<const std::uint16_t> labels) {
  if (values.size() != labels.size())
    throw ParameterError("heatmap: " + std::to_string(values.size()) + " values for " +
                         std::to_string(labels.size()) + " labels; give one per pixel");
  std::vector<std::uint8_t> indices(values.size());
  ForEachTile(std::ssize(values), [&](std::int64_t, std::int64_t first, std::int64_t count) {
    for (std::int64_t i = first; i < first + count; ++i)
      indices[i] = labels[i] == 0 ? std::uint8_t{0} : HeatIndex(values[i]);
  });
  return indices;
}

std::vector<Rgb> HeatPalette(ColorMap map) {
  const Anchors& anchors = map == ColorMap::kViridis ? kViridisAnchors : kMagmaAnchors;
  std::vector<Rgb> palette(256);
  for (int i = 1; i < 256; ++i) palette[i] = Interpolate(anchors, (i - 1) / 254.0);
  return palette;
}

std::vector<Rgb> AnomalyPalette() {
  return {{0, 0, 0}, {48, 48, 48}, {240, 228, 66}, {86, 180, 233}, {213, 94, 0}};
}

}  // namespace gmmseg
