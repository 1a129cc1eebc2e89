// A map of classes, or of regions in their place.
#pragma once

#include <gmmseg/job.h>

#include <boost/filesystem/path.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "io/map_writer.h"

namespace gmmseg {

// Of uint8, above 255 classes uint16, 0 is nodata; with a raster attribute table beside it, of the
// classes and of how many pixels are of each, and a style for QGIS.
class ClassMap {
 public:
  // `common` says what is not of classes: size, layout, place and metadata. The classes have as
  // many means as there are `mean_names`, or there are no names.
  ClassMap(const boost::filesystem::path& folder, const std::string& stem, Output kind,
           MapFormat common, ClassTable classes, std::vector<std::string> mean_names);

  // What such a map's file is, of such classes.
  static MapFormat FormatOf(MapFormat common, ClassTable classes,
                            std::vector<std::string> mean_names);

  // Labels row by row: 0 = no data, else the index of a class.
  void Write(const Window& window, std::span<const std::uint16_t> labels);
  void Close();
  // Of pixels, per class, so far.
  const std::vector<std::int64_t>& counts() const { return counts_; }

 private:
  boost::filesystem::path style_;
  ClassTable classes_;
  std::vector<std::int64_t> counts_;
  MapWriter map_;
};

}  // namespace gmmseg
