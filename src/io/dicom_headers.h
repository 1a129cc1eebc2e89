// Headers of DICOM files, each read once: whether a folder is a series, how large it is and what
// stands in it are asked one after another.
#pragma once

#include <string>

#include "io/dicom_facts.h"

namespace gmmseg {

// Without values. What was read before is told again while the file has its place on the disk, its
// size and its times. Any thread may ask. Throws as DecodeDicom does, each time anew.
DicomPicture DicomHeaderOf(const std::string& path);

}  // namespace gmmseg
