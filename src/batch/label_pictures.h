// Pictures of label maps, and pictures in general, made run of pixels by run of pixels. They refer
// to what they are made from.
#pragma once

#include <gmmseg/class_table.h>
#include <gmmseg/raster.h>
#include <gmmseg/render.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "io/write_pictures.h"

namespace gmmseg {

struct PictureSize {
  std::int64_t width, height;
};

// make_pixels(first, count, bytes) makes a run of pixels.
template <typename MakePixels>
Picture PixelPicture(std::string path, PictureSize size, PixelKind kind,
                     std::optional<Palette> palette, MakePixels make_pixels) {
  return {std::move(path),
          size.width,
          size.height,
          kind,
          std::move(palette),
          [width = size.width, make_pixels](std::int64_t first, std::int64_t count,
                                            std::uint8_t* rows) {
            make_pixels(first * width, count * width, rows);
          }};
}

// Row-major, of the size; 0 = no data, else the index of an entry of the table.
struct LabelView {
  PictureSize size;
  std::span<const std::uint16_t> labels;
  const ClassTable& classes;
};

// Indexed, the index is the label; 16-bit grey for more than 255 classes.
Picture LabelMask(std::string path, const LabelView& view);

// 255 where the label is k, else 0.
Picture ClassMask(std::string path, const LabelView& view, int k);

// Overlay of render.h over the raster as it is displayed.
Picture OverlayPicture(std::string path, const LabelView& view, const Raster& raster,
                       const std::optional<DisplayWindow>& window);

}  // namespace gmmseg
