// Rasters that are read part by part, since the whole may be larger than memory.
#pragma once

#include <gmmseg/georeference.h>
#include <gmmseg/raster.h>

#include <cstdint>

namespace gmmseg {

// A rectangle of pixels; columns x…x+width-1, rows y…y+height-1.
struct Window {
  std::int64_t x = 0, y = 0, width = 0, height = 0;

  bool operator==(const Window&) const = default;
};

// What is known of a raster before a pixel is read.
struct RasterInfo {
  std::int64_t width = 0, height = 0;
  int num_bands = 0;  // alpha is none
  SampleType type = SampleType::kUint8;
  ColorModel color_model = ColorModel::kGray;
  double white = 255;  // as Raster::white() of what is read
  // How the pixels lie in the file: parts that begin and end with these cost least.
  std::int64_t block_width = 0, block_height = 0;
  Georeference georeference;
};

class BlockReader {
 public:
  virtual ~BlockReader() = default;
  virtual const RasterInfo& info() const = 0;
  // The pixels of a window that lies within the raster, with their validity, and where the part
  // lies. Throws IoError naming the file, the place and the cause. Not from several threads at a
  // time.
  virtual Raster Read(const Window& window) = 0;
};

}  // namespace gmmseg
