// From the stored values of a DICOM picture to a raster's.
#pragma once

#include <gmmseg/image_io.h>
#include <gmmseg/raster.h>

#include <string>

#include "io/dicom_facts.h"

namespace gmmseg {

// Throws IoError for samples that are not of 1, 8, 16 or 32 bits.
void CheckDepth(const std::string& path, const DicomFacts& facts);

// That ToRaster takes.
std::int64_t NumValueBytes(const DicomFacts& facts);

// What ToRaster gives. Integers of at most 16 bits stay so where all that can be stored is a whole
// number of 0…65535 when it is rescaled, and the largest of them is white; everything else becomes
// float. Colours are 8 bits where they are stored so.
ImageHeader HeaderOf(const DicomPicture& picture);

// Frames are slices. Rescaled by each frame's slope and intercept; MONOCHROME1, where low is
// bright, is mirrored within what can be stored, so that bright is high as in all other images;
// YBR becomes RGB; padding is no data.
Raster ToRaster(const DicomPicture& picture);

}  // namespace gmmseg
