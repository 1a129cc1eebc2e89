// The skeleton of a JPEG file, walked before it is decoded: libjpeg fills the missing part of a
// truncated file with grey and says nothing.
#pragma once

#include <cstdint>
#include <span>

#include "io/image_backend.h"

namespace gmmseg {

struct JpegFacts {
  std::int64_t width = 0, height = 0;
  int num_channels = 0;
  std::span<const unsigned char> exif;  // the TIFF structure; empty where there is none
};

enum class JpegPart {
  kHeader,  // up to the frame header: EXIF may come later
  kWhole,   // up to the end-of-image marker
};

// Throws IoError where the source ends before that part does or its markers make no sense. Bytes
// behind it are not looked at.
JpegFacts WalkJpeg(const ImageSource& source, JpegPart part);

}  // namespace gmmseg
