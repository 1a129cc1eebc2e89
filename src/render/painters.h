// Pictures run of pixels by run of pixels, for those who never want a whole one. Painters refer to
// what they are made from, and paint from several threads at a time.
#pragma once

#include <gmmseg/class_table.h>
#include <gmmseg/raster.h>
#include <gmmseg/render.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace gmmseg {

// The values that show as black and as white.
struct DisplayRange {
  double low, high;
};

// DisplayImage of render.h.
class DisplayPainter {
 public:
  explicit DisplayPainter(const Raster& raster, const std::optional<DisplayWindow>& window = {});
  // Pixels first…first+count-1 of the raster.
  void Paint(std::int64_t first, std::int64_t count, Rgb* pixels) const;

 private:
  struct Channel {
    int band;
    DisplayRange range;
    std::vector<std::uint8_t> bytes;  // of every value that an integer band can hold
  };

  Channel MakeChannel(int band, const std::optional<DisplayWindow>& window) const;

  const Raster& raster_;
  std::array<Channel, 3> channels_;
};

// Overlay of render.h; throws as it does, for an unknown label where it is to be painted.
class OverlayPainter {
 public:
  OverlayPainter(std::int64_t width, std::int64_t height, std::span<const std::uint16_t> labels,
                 const ClassTable& classes, double opacity);
  // Pixels first…first+count-1, which hold the picture and then the overlay.
  void Paint(std::int64_t first, std::int64_t count, Rgb* pixels) const;

 private:
  // What a class makes of a channel: (keep · value + add[c]) / 256. The identity for label 0.
  struct Tint {
    std::uint32_t keep = 256;
    std::array<std::uint32_t, 3> add{};
  };

  void PaintWithinRow(std::int64_t first, std::int64_t count, Rgb* pixels) const;
  Rgb Line(Rgb pixel, std::uint16_t label, std::uint16_t other) const;

  std::int64_t width_;
  std::span<const std::uint16_t> labels_;
  std::vector<Rgb> palette_;
  std::vector<Tint> tints_;  // by label
  int line_256_;
};

}  // namespace gmmseg
