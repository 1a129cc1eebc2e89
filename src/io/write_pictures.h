// PNG pictures whose pixels are made as they are written: never a whole picture in memory.
#pragma once

#include <gmmseg/image_io.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace gmmseg {

enum class PixelKind { kIndex8, kGray8, kGray16, kRgb8 };

struct Picture {
  std::string path;
  std::int64_t width, height;
  PixelKind kind;
  std::optional<Palette> palette;  // of kIndex8
  // Makes rows first…first+count-1, one after another without gaps; 16-bit values as the machine
  // has them. Called from several threads at a time, for some rows twice.
  std::function<void(std::int64_t first, std::int64_t count, std::uint8_t* rows)> make_rows;

  std::int64_t row_bytes() const;
};

// Writes the pictures in their order, bands of rows of one or several of them in parallel; the
// bytes do not depend on threads. Memory: some bands for each thread. Throws ParameterError for
// sides out of a PNG's range and for palettes of other than 1 to 256 colours or too few for an
// index, IoError if a file cannot be written; the pictures before that one are complete.
void WritePictures(std::span<const Picture> pictures);

}  // namespace gmmseg
