// What files of regions have in common: how they begin, by which they are known again, and what
// they call the bands.
#pragma once

#include <gmmseg/raster.h>

#include <string>
#include <vector>

namespace gmmseg {

inline constexpr char kRegionsFormat[] = "gmmseg-regions";
inline constexpr char kRegionsCsvStart[] = "region,area,x,y,left,top,right,bottom";
inline constexpr char kRegionsJsonStart[] = "{\n  \"format\": \"gmmseg-regions\"";
inline constexpr char kRegionsGeoJsonStart[] =
    "{\"type\": \"FeatureCollection\", \"format\": \"gmmseg-regions\"";

// "red", "green", "blue"; "gray"; "band_1" …
std::vector<std::string> RegionBandNames(const Raster& raster);

}  // namespace gmmseg
