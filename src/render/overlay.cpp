#include <gmmseg/errors.h>
#include <gmmseg/render.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "base/tile_loop.h"

namespace gmmseg {
namespace {

void Check(std::span<const Rgb> picture, std::int64_t width, std::int64_t height,
           std::span<const std::uint16_t> labels, double opacity) {
  if (width < 1 || height < 1 || std::ssize(picture) != width * height ||
      picture.size() != labels.size())
    throw ParameterError("overlay: " + std::to_string(picture.size()) + " colours and " +
                         std::to_string(labels.size()) + " labels for an image of " +
                         std::to_string(width) + " x " + std::to_string(height) +
                         "; give one of each per pixel");
  if (!(opacity >= 0 && opacity <= 1))
    throw ParameterError("opacity = " + std::to_string(opacity) + "; must be 0 to 1");
}

void CheckLabels(std::span<const std::uint16_t> labels, std::size_t num_colors) {
  const std::size_t largest = *std::ranges::max_element(labels);
  if (largest >= num_colors)
    throw ParameterError("overlay: label " + std::to_string(largest) +
                         " is not in the class table, which ends at " +
                         std::to_string(num_colors - 1) + "; give the table of these labels");
}

// Luma 0…255.
int Luma(Rgb color) { return (77 * color[0] + 150 * color[1] + 29 * color[2]) >> 8; }

Rgb Blend(Rgb below, Rgb above, int opacity_256) {
  Rgb out;
  for (int c = 0; c < 3; ++c)
    out[c] = static_cast<std::uint8_t>(
        (below[c] * (256 - opacity_256) + above[c] * opacity_256 + 128) >> 8);
  return out;
}

// Black on what is light and white on what is dark.
Rgb Contrasting(Rgb color) { return Luma(color) > 127 ? Rgb{0, 0, 0} : Rgb{255, 255, 255}; }

// The other class where pixel i lies on a boundary, else 0. A boundary is one pixel wide: the upper
// or left one of two that differ.
std::uint16_t LabelAcross(std::span<const std::uint16_t> labels, std::int64_t width,
                          std::int64_t i) {
  const std::uint16_t right = (i + 1) % width != 0 ? labels[i + 1] : labels[i];
  const std::uint16_t below = i + width < std::ssize(labels) ? labels[i + width] : labels[i];
  if (right != 0 && right != labels[i]) return right;
  return below != labels[i] ? below : std::uint16_t{0};
}

}  // namespace

std::vector<Rgb> LabelPalette(const ClassTable& classes) {
  std::vector<Rgb> palette(1);
  for (const ClassEntry& entry : classes) {
    if (entry.index < 1)
      throw ParameterError("class index = " + std::to_string(entry.index) + "; must be >= 1");
    palette.resize(std::max(palette.size(), static_cast<std::size_t>(entry.index) + 1));
    palette[entry.index] = entry.color;
  }
  return palette;
}

std::vector<Rgb> Overlay(std::span<const Rgb> picture, std::int64_t width, std::int64_t height,
                         std::span<const std::uint16_t> labels, const ClassTable& classes,
                         double opacity) {
  Check(picture, width, height, labels, opacity);
  const std::vector<Rgb> palette = LabelPalette(classes);
  CheckLabels(labels, palette.size());
  const int opacity_256 = static_cast<int>(std::lround(256 * opacity));
  // The line leans on the classes more than the tint does: it shall not flicker between black and
  // white along one boundary, nor vanish where there is no tint.
  const int line_256 = static_cast<int>(std::lround(256 * std::sqrt(opacity)));
  std::vector<Rgb> out(picture.begin(), picture.end());
  ForEachTile(std::ssize(picture), [&](std::int64_t, std::int64_t first, std::int64_t count) {
    for (std::int64_t i = first; i < first + count; ++i) {
      if (labels[i] == 0) continue;
      const Rgb own = palette[labels[i]];
      const std::uint16_t other = LabelAcross(labels, width, i);
      out[i] = other == 0
                   ? Blend(picture[i], own, opacity_256)
                   : Contrasting(Blend(picture[i], Blend(own, palette[other], 128), line_256));
    }
  });
  return out;
}

}  // namespace gmmseg
