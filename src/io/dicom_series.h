// DICOM slices as a volume: their order, and where it lies.
#pragma once

#include <gmmseg/raster.h>

#include <string>
#include <vector>

#include "io/dicom_facts.h"

namespace gmmseg {

// The volume of a file's frames, or of one slice.
VolumeGeometry GeometryOf(const DicomFacts& facts);

struct DicomSlice {
  std::string path;
  DicomFacts facts;
  DicomRescale rescale = {};
};

// Whether the files of a folder are slices of a volume, or meant to be: one of the series has
// several that are of one frame and say where they lie.
bool IsSeries(const std::vector<DicomSlice>& slices);

struct OrderedSlices {
  std::vector<DicomSlice> slices;  // by their place along the normal of the slices
  VolumeGeometry geometry;
};

// Two or more files of one frame as one volume. Throws IoError that names the folder, and none of
// the patients, where the slices are of two patients, of several series, of different sizes,
// orientations or spacings, and where one is missing, there twice, or says no place.
OrderedSlices OrderSlices(const std::string& folder, std::vector<DicomSlice> slices);

}  // namespace gmmseg
