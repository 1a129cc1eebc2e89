// The skeleton of a JPEG file, walked before it is decoded: libjpeg fills the missing part of a
// truncated file with grey and says nothing.
#pragma once

#include <cstdint>
#include <span>

#include "io/image_backend.h"

namespace gmmseg {

struct JpegFacts {
  std::int64_t width = 0, height = 0;
  std::span<const unsigned char> exif;  // the TIFF structure; empty where there is none
};

// Throws IoError where the file ends before its end-of-image marker or its markers make no sense.
// Bytes behind that marker are not looked at.
JpegFacts WalkJpeg(const ImageSource& source);

}  // namespace gmmseg
