// Maps: GeoTIFFs that lie where the raster lies that they were made from, through GDAL.
#pragma once

#include <gmmseg/block_reader.h>
#include <gmmseg/class_table.h>
#include <gmmseg/image_io.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gmmseg {

struct MapBand {
  std::string name;
  double scale = 1, offset = 0;  // value = offset + scale · stored
};

// How overviews are made of full resolution.
enum class Overviews {
  kNearest,  // of classes
  kAverage,
};

struct MapFormat {
  std::int64_t width = 0, height = 0;
  SampleType type = SampleType::kUint8;
  std::vector<MapBand> bands = {};
  double no_data = 0;
  Overviews overviews = Overviews::kNearest;
  MapLayout layout = MapLayout::kTiled;
  Georeference georeference = {};
  // Of our domain, GMMSEG; of a Cloud-Optimised GeoTIFF GMMSEG_NAME of the default domain.
  std::vector<std::pair<std::string, std::string>> metadata = {};
  // Of a map of classes, or of regions in their place: a colour table where the type is kUint8, and
  // a raster attribute table, which stands in a file beside the map, with the counts of pixels.
  std::optional<ClassTable> classes = {};
  std::vector<std::string> mean_names = {};  // of the table's columns of means
};

// DEFLATE with a predictor for integers; BigTIFF where it may be needed. The same bytes for any
// number of threads. The file appears with Close(), and with it the file of statistics, whose name
// is this one and ".aux.xml".
class MapWriter {
 public:
  // Throws IoError where the file cannot be made.
  MapWriter(const std::string& path, const MapFormat& format);
  ~MapWriter();  // without Close(): nothing stays behind
  MapWriter(const MapWriter&) = delete;
  MapWriter& operator=(const MapWriter&) = delete;

  // Values of the format's type, row by row, of band `band`, from 0. Throws IoError.
  void Write(const Window& window, int band, const void* values);
  // `counts` are pixels per class, of a map of classes.
  void Close(const std::vector<std::int64_t>& counts = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A part of a map that stands in a file of its own.
struct MosaicTile {
  Window window;     // of the whole
  std::string file;  // from the folder of the mosaic
};

// A map in tiles that are there already, of this format but for their size and place: a virtual
// raster of GDAL's. `counts` as in MapWriter::Close. Throws IoError.
void WriteMosaic(const std::string& path, const MapFormat& format,
                 const std::vector<MosaicTile>& tiles, const std::vector<std::int64_t>& counts);

// A style by which QGIS shows a map of classes in their colours and with their names: the text of a
// file that has the map's name but for the ending, ".qml".
std::string QgisStyle(const ClassTable& classes);

}  // namespace gmmseg
