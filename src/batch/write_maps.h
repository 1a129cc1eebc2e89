// What is written of an image that lies on the earth, and lies there, too.
#pragma once

#include <gmmseg/job.h>
#include <gmmseg/segment.h>

#include <boost/filesystem/path.hpp>
#include <string>
#include <utility>
#include <vector>

#include "batch/write_outputs.h"

namespace gmmseg {

// Labels and anomalies (of uint8, above 255 classes uint16, with a raster attribute table beside
// them and a style for QGIS), uncertainty (in steps of 0.004), probabilities, and planes of floats
// (NaN: no data), of those that are asked for.
void WriteMaps(const boost::filesystem::path& folder, const std::string& stem, const Raster& raster,
               const Segmentation& segmentation, const Measures& measures,
               const OutputOptions& output);

// What a map says of the model that it was made by, in the domain GMMSEG.
std::vector<std::pair<std::string, std::string>> MapMetadata(const Model& model);

}  // namespace gmmseg
