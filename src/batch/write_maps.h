// What is written of an image that lies on the earth, and lies there, too.
#pragma once

#include <gmmseg/job.h>
#include <gmmseg/segment.h>

#include <boost/filesystem/path.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "batch/write_outputs.h"

namespace gmmseg {

// The whole image that windows are of, and what is said of it.
struct MapSubject {
  std::int64_t width = 0, height = 0;
  int num_bands = 0;
  Georeference georeference;
  const Model& model;
};

// Labels and anomalies (of uint8, above 255 classes uint16, with a raster attribute table beside
// them and a style for QGIS), uncertainty (in steps of 0.004), probabilities, and planes of floats
// (NaN: no data), of those that are asked for. Written window by window, which together are the
// image, row by row of windows.
class MapOutputs {
 public:
  MapOutputs(const boost::filesystem::path& folder, const std::string& stem,
             const MapSubject& subject, const OutputOptions& output);
  ~MapOutputs();  // without Close(): nothing stays behind
  MapOutputs(const MapOutputs&) = delete;
  MapOutputs& operator=(const MapOutputs&) = delete;

  void Write(const Window& window, const Raster& raster, const Segmentation& segmentation,
             const Measures& measures);
  void Close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Those that it writes.
OutputSet MapOutputKinds();

}  // namespace gmmseg
