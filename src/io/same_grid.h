// Whether several images show the same pixels.
#pragma once

#include <gmmseg/georeference.h>
#include <gmmseg/image_io.h>
#include <gmmseg/raster.h>
#include <gmmseg/volume_geometry.h>

#include <cstdint>
#include <optional>
#include <string>

namespace gmmseg {

// What a file says of its pixels' grid, whatever part of it is taken.
struct GridFacts {
  std::int64_t width = 0, height = 0, depth = 1;
  Georeference georeference = {};
  std::optional<VolumeGeometry> volume = {};
};

// But for the place on the earth.
GridFacts GridOf(const Raster& raster);
GridFacts GridOf(const LoadedLabels& labels);

// Throws IoError naming the other file where it is of another size, has another reference system,
// or lies more than a thousandth of a pixel away; of what is not known of both nothing is said.
// `advice` is what to do: "give channels of one grid".
void CheckSameGrid(const std::string& path, const GridFacts& own, const std::string& other_path,
                   const GridFacts& other, const std::string& advice);

}  // namespace gmmseg
