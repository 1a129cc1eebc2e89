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
  tint_256_ = static_cast<int>(std::lround(256 * opacity));
  // The line leans on the classes more than the tint does: it shall not flicker between black and
  // white along one boundary, nor vanish where there is no tint.
  line_256_ = static_cast<int>(std::lround(256 * std::sqrt(opacity)));
}

// The other class where a pixel lies on a boundary, else 0. A boundary is one pixel wide: the upper
// or left one of two that differ.
std::uint16_t OverlayPainter::LabelAcross(std::int64_t pixel, bool is_last_of_row) const {
  const std::uint16_t own = labels_[pixel];
  const std::uint16_t right = is_last_of_row ? own : labels_[pixel + 1];
  const std::uint16_t below = pixel + width_ < std::ssize(labels_) ? labels_[pixel + width_] : own;
  if (right != 0 && right != own) return right;
  return below != own ? below : std::uint16_t{0};
}

void OverlayPainter::Paint(std::int64_t first, std::int64_t count, Rgb* pixels) const {
  CheckLabels(labels_.subspan(first, count), palette_.size());
  std::int64_t left_in_row = width_ - first % width_;
  for (std::int64_t i = 0; i < count; ++i) {
    const bool is_last_of_row = --left_in_row == 0;
    if (is_last_of_row) left_in_row = width_;
    const std::uint16_t label = labels_[first + i];
    if (label == 0) continue;
    const Rgb own = palette_[label];
    const std::uint16_t other = LabelAcross(first + i, is_last_of_row);
    pixels[i] = other == 0
                    ? Blend(pixels[i], own, tint_256_)
                    : Contrasting(Blend(pixels[i], Blend(own, palette_[other], 128), line_256_));
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
