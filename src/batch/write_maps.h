// What is written of an image that lies on the earth, and lies there, too.
#pragma once

#include <gmmseg/job.h>
#include <gmmseg/segment.h>

#include <boost/filesystem/path.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
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

// What was found of a window, of which a part within it is to be written: what it may depend on
// lies around that.
struct MapPart {
  Window seen, core;
  const Raster& raster;  // of what was seen, as the others
  const Segmentation& result;
  const Measures& measures;

  std::int64_t num_pixels() const { return core.width * core.height; }
  // Where pixel i of the core, row-major, stands in what was seen.
  std::int64_t At(std::int64_t i) const {
    return (i / core.width + core.y - seen.y) * seen.width + i % core.width + core.x - seen.x;
  }
};

// The labels of the core.
std::vector<std::uint16_t> CoreLabels(const MapPart& part);

// A part's values as they are written, map after map and band after band of it: where they go, too,
// and where they come from.
using KeepValues = std::function<void(const void* values, std::int64_t bytes)>;
using FetchValues = std::function<void(void* values, std::int64_t bytes)>;

// Per class, of the maps of classes.
using ClassCounts = std::map<Output, std::vector<std::int64_t>>;

// Labels and anomalies (of uint8, above 255 classes uint16, with a raster attribute table beside
// them and a style for QGIS), uncertainty (in steps of 0.004), probabilities, and planes of floats
// (NaN: no data), of those that are asked for. Written part by part, whose cores together are the
// image, row by row of them.
class MapOutputs {
 public:
  // Without a folder there are no files: values are but kept.
  MapOutputs(const std::optional<boost::filesystem::path>& folder, const std::string& stem,
             const MapSubject& subject, const OutputOptions& output, KeepValues keep = {});
  ~MapOutputs();  // without Close(): nothing stays behind
  MapOutputs(const MapOutputs&) = delete;
  MapOutputs& operator=(const MapOutputs&) = delete;

  void Write(const MapPart& part);
  // The same of values that were kept.
  void WriteKept(const Window& core, const FetchValues& fetch);
  // Of what is kept, in all maps.
  std::int64_t BytesPerPixel() const;
  void Close();
  ClassCounts counts() const;  // of pixels

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Those that it writes.
OutputSet MapOutputKinds();

// A tile's maps, that a MapOutputs wrote.
struct WrittenTile {
  Window window;  // of the whole
  std::string folder, stem;
};
// The maps of the whole over those of the tiles, whose folders stand in `folder`, with styles.
void WriteMosaics(const boost::filesystem::path& folder, const std::string& stem,
                  const MapSubject& subject, const OutputOptions& output,
                  const std::vector<WrittenTile>& tiles, const ClassCounts& counts);

}  // namespace gmmseg
