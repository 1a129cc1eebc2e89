#include <gmmseg/errors.h>
#include <gmmseg/render.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "base/tile_loop.h"
#include "render/painters.h"

namespace gmmseg {
namespace {

void CheckSize(const char* what, std::size_t count, std::int64_t width, std::int64_t height) {
  if (width < 1 || height < 1 || static_cast<std::int64_t>(count) != width * height)
    throw ParameterError("overlay: " + std::to_string(count) + " " + what + " for an image of " +
                         std::to_string(width) + " x " + std::to_string(height) +
                         "; give one for each pixel");
}

void CheckOpacity(double opacity) {
  if (!(opacity >= 0 && opacity <= 1))
    throw ParameterError("opacity = " + std::to_string(opacity) + "; must be 0 to 1");
}

void CheckLabels(std::span<const std::uint16_t> labels, std::size_t num_colors) {
  std::uint16_t largest = 0;
  for (const std::uint16_t label : labels) largest = std::max(largest, label);
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

// The other class where a pixel lies on a boundary, else 0. A boundary is one pixel wide: the upper
// or left one of two that differ.
std::uint16_t Across(std::uint16_t own, std::uint16_t right, std::uint16_t below) {
  if (right != 0 && right != own) return right;
  return below != own ? below : std::uint16_t{0};
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

OverlayPainter::OverlayPainter(std::int64_t width, std::int64_t height,
                               std::span<const std::uint16_t> labels, const ClassTable& classes,
                               double opacity)
    : width_(width), labels_(labels), palette_(LabelPalette(classes)) {
  CheckSize("labels", labels.size(), width, height);
  CheckOpacity(opacity);
  const auto tint_256 = static_cast<std::uint32_t>(std::lround(256 * opacity));
  tints_.resize(palette_.size());
  for (const ClassEntry& entry : classes) {
    Tint& tint = tints_[entry.index];
    tint.keep = 256 - tint_256;
    for (int c = 0; c < 3; ++c) tint.add[c] = entry.color[c] * tint_256 + 128;
  }
  // The line leans on the classes more than the tint does: it shall not flicker between black and
  // white along one boundary, nor vanish where there is no tint.
  line_256_ = static_cast<int>(std::lround(256 * std::sqrt(opacity)));
}

Rgb OverlayPainter::Line(Rgb pixel, std::uint16_t label, std::uint16_t other) const {
  return Contrasting(Blend(pixel, Blend(palette_[label], palette_[other], 128), line_256_));
}

void OverlayPainter::PaintWithinRow(std::int64_t first, std::int64_t count, Rgb* pixels) const {
  const std::uint16_t* const labels = labels_.data() + first;
  const std::uint16_t* const below =
      first + width_ < std::ssize(labels_) ? labels + width_ : labels;
  const std::int64_t last_of_row = width_ - 1 - first % width_;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint16_t label = labels[i];
    const std::uint16_t right = i == last_of_row ? label : labels[i + 1];
    const std::uint16_t other = Across(label, right, below[i]);
    if (other != 0 && label != 0) {
      pixels[i] = Line(pixels[i], label, other);
      continue;
    }
    const Tint& tint = tints_[label];
    for (int c = 0; c < 3; ++c)
      pixels[i][c] = static_cast<std::uint8_t>((pixels[i][c] * tint.keep + tint.add[c]) >> 8);
  }
}

void OverlayPainter::Paint(std::int64_t first, std::int64_t count, Rgb* pixels) const {
  CheckLabels(labels_.subspan(first, count), palette_.size());
  const std::int64_t end = first + count;
  while (first < end) {
    const std::int64_t in_row = std::min(width_ - first % width_, end - first);
    PaintWithinRow(first, in_row, pixels);
    first += in_row;
    pixels += in_row;
  }
}

std::vector<Rgb> Overlay(std::span<const Rgb> picture, std::int64_t width, std::int64_t height,
                         std::span<const std::uint16_t> labels, const ClassTable& classes,
                         double opacity) {
  CheckSize("colours", picture.size(), width, height);
  const OverlayPainter painter(width, height, labels, classes, opacity);
  std::vector<Rgb> out(picture.begin(), picture.end());
  ForEachTile(std::ssize(out), [&](std::int64_t, std::int64_t first, std::int64_t count) {
    painter.Paint(first, count, out.data() + first);
  });
  return out;
}

}  // namespace gmmseg
