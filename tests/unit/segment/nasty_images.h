// Images and options that a segmentation may choke on, by number.
#pragma once

#include <gmmseg/segment.h>

#include <cstdint>
#include <string>

namespace gmmseg {

struct NastyImage {
  std::string description;  // what the values are like, the raster's kind, the features
  Raster raster;
  SegmentOptions options;
};

NastyImage MakeNastyImage(std::uint64_t number);

}  // namespace gmmseg
