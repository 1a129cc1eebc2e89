// What is written of a volume, and lies where it lies.
#pragma once

#include <gmmseg/job.h>
#include <gmmseg/segment.h>

#include <boost/filesystem/path.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "batch/output_names.h"
#include "batch/write_outputs.h"

namespace gmmseg {

// Whether what is written of the raster are volumes: it has slices, or is of a NIfTI file. A single
// slice of another format is a picture.
bool IsVolume(const Raster& raster);

// Names of volumes by `naming`.
OutputKind VolumeKind(Naming naming);

// Throws ParameterError for a number beyond the volume's slices. Of an image all are well: it has
// none.
void CheckSlices(const Raster& raster, const std::vector<std::int64_t>& slices);

// Labels and anomalies (uint8, above 255 classes uint16), masks (0 and 1), uncertainty, instability
// (0 where there is no data), probabilities (a volume per class, 0 where there is no data),
// density, outliers and imputed bands (NaN where there is no data), of those that are asked for;
// beside labels their names and colours, the table of `measures.volumes`, and pictures, which the
// overlays of its slices are. Named by BIDS, probabilities are a file for each class, and what
// stands beside is not written here.
void WriteVolumes(const boost::filesystem::path& folder, const std::string& stem,
                  const Raster& raster, const Segmentation& segmentation, const Measures& measures,
                  const OutputOptions& output);

}  // namespace gmmseg
