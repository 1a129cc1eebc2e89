// How files of regions begin, by which they are known again.
#pragma once

namespace gmmseg {

inline constexpr char kRegionsFormat[] = "gmmseg-regions";
inline constexpr char kRegionsCsvStart[] = "region,area,x,y,left,top,right,bottom";
inline constexpr char kRegionsJsonStart[] = "{\n  \"format\": \"gmmseg-regions\"";
inline constexpr char kRegionsGeoJsonStart[] =
    "{\"type\": \"FeatureCollection\", \"format\": \"gmmseg-regions\"";

}  // namespace gmmseg
