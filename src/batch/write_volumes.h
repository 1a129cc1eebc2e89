// What is written of a volume, and lies where it lies.
#pragma once

#include <gmmseg/job.h>
#include <gmmseg/segment.h>

#include <boost/filesystem/path.hpp>
#include <string>

#include "batch/output_names.h"
#include "batch/write_outputs.h"

namespace gmmseg {

// Whether what is written of the raster are volumes.
bool IsVolume(const Raster& raster);

// Names of volumes by `naming`.
OutputKind VolumeKind(Naming naming);

// Labels and anomalies (uint8, above 255 classes uint16), masks (0 and 1), uncertainty, instability
// (0 where there is no data), probabilities (a volume per class, 0 where there is no data),
// density, outliers and imputed bands (NaN where there is no data), of those that are asked for;
// beside labels their names and colours, and the table of `measures.volumes`. Named by BIDS,
// probabilities are a file for each class, and what stands beside is not written here.
void WriteVolumes(const boost::filesystem::path& folder, const std::string& stem,
                  const Raster& raster, const Segmentation& segmentation, const Measures& measures,
                  const OutputOptions& output);

}  // namespace gmmseg
