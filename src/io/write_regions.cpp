#include <gmmseg/region_io.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "io/json_lists.h"
#include "io/json_text.h"
#include "io/map_reader.h"
#include "io/regions_format.h"
#include "io/staged_file.h"
#include "spatial/outlines.h"

namespace gmmseg {
namespace {

using Json = nlohmann::ordered_json;

// Empty: the place on the earth is not known, and coordinates are pixels.
using Place = std::optional<GeoTransform>;

// Pixel (0, 0) has its centre half a pixel off the corner that a transform is of.
MapPoint MapCentroid(const RegionEntry& region, const GeoTransform& transform) {
  return PlaceOf(transform, region.x + 0.5, region.y + 0.5);
}

double MapArea(const RegionEntry& region, const GeoTransform& transform) {
  return static_cast<double>(region.area) * std::abs(SignedPixelArea(transform));
}

std::string MapColumns(const RegionEntry& region, const GeoTransform& transform) {
  const MapPoint centroid = MapCentroid(region, transform);
  return Format(",%.15g,%.15g,%.15g", centroid.x, centroid.y, MapArea(region, transform));
}

std::string CsvRow(const RegionEntry& region, const Place& place) {
  std::string row = Format(
      "%u,%lld,%.9g,%.9g,%lld,%lld,%lld,%lld", region.index, static_cast<long long>(region.area),
      region.x, region.y, static_cast<long long>(region.left), static_cast<long long>(region.top),
      static_cast<long long>(region.right), static_cast<long long>(region.bottom));
  for (const double mean : region.mean) row += Format(",%.9g", mean);
  row += ',';
  for (const char* before = ""; const std::uint32_t neighbour : region.neighbours) {
    row.append(before).append(std::to_string(neighbour));
    before = " ";
  }
  if (place) row += MapColumns(region, *place);
  return row + '\n';
}

Json OptionsJson(const RegionOptions& options) {
  return {{"regions", options.num_regions ? Json(*options.num_regions) : Json()},
          {"components", options.num_components},
          {"mixtures", options.num_mixtures},
          {"seed", options.seed}};
}

Json RegionJson(const RegionEntry& region, const Place& place) {
  Json json = {{"region", region.index},
               {"area", region.area},
               {"centroid", {region.x, region.y}},
               {"bounding_box", {region.left, region.top, region.right, region.bottom}},
               {"mean", region.mean},
               {"neighbours", region.neighbours}};
  if (!place) return json;
  const MapPoint centroid = MapCentroid(region, *place);
  json["map_centroid"] = {centroid.x, centroid.y};
  json["map_area"] = MapArea(region, *place);
  return json;
}

Json PositionJson(const Corner& corner, const Place& place) {
  if (!place) return {corner.x, corner.y};
  const MapPoint point =
      PlaceOf(*place, static_cast<double>(corner.x), static_cast<double>(corner.y));
  return {point.x, point.y};
}

// Turned round where the map's axes turn the other way than those of pixels.
Json RingJson(const Ring& ring, const Place& place) {
  Json corners = JsonList(ring, [&](const Corner& corner) { return PositionJson(corner, place); });
  if (place && SignedPixelArea(*place) < 0) std::reverse(corners.begin(), corners.end());
  corners.push_back(corners.front());
  return corners;
}

Json PolygonCoordinates(const Outline& outline, const Place& place) {
  Json rings = Json::array({RingJson(outline.outer, place)});
  for (const Ring& hole : outline.holes) rings.push_back(RingJson(hole, place));
  return rings;
}

Json GeometryJson(const std::vector<Outline>& pieces, const Place& place) {
  if (pieces.size() == 1)
    return {{"type", "Polygon"}, {"coordinates", PolygonCoordinates(pieces.front(), place)}};
  return {{"type", "MultiPolygon"}, {"coordinates", JsonList(pieces, [&](const Outline& outline) {
                                       return PolygonCoordinates(outline, place);
                                     })}};
}

Json PropertiesJson(const RegionEntry& region, const std::vector<std::string>& bands,
                    const Place& place) {
  Json properties = {{"region", region.index}, {"area", region.area}};
  if (place) properties["map_area"] = MapArea(region, *place);
  for (std::size_t b = 0; b < bands.size(); ++b) properties["mean_" + bands[b]] = region.mean[b];
  return properties;
}

// A line of a GeoJSON file: RFC 7946 knows no other system than WGS 84, and programs still read
// this one of GeoJSON 2008.
std::string CrsMember(const std::string& urn) {
  return " \"crs\": {\"type\": \"name\", \"properties\": {\"name\": \"" + urn + "\"}},\n";
}

}  // namespace

std::vector<std::string> RegionBandNames(const Raster& raster) {
  switch (raster.color_model()) {
    case ColorModel::kRgb:
      return {"red", "green", "blue"};
    case ColorModel::kGray:
      return {"gray"};
    case ColorModel::kMultiband:
      break;
  }
  std::vector<std::string> names;
  for (int b = 1; b <= raster.num_bands(); ++b) names.push_back("band_" + std::to_string(b));
  return names;
}

void WriteRegionsCsv(const std::string& path, const Raster& raster, const Regions& regions) {
  const Place& place = raster.georeference().transform;
  std::string text = kRegionsCsvStart;
  for (const std::string& band : RegionBandNames(raster)) text += ",mean_" + band;
  text += place ? ",neighbours,map_x,map_y,map_area\n" : ",neighbours\n";
  for (const RegionEntry& region : regions.table) text += CsvRow(region, place);
  WriteStagedFile(path, text);
}

void WriteRegionsJson(const std::string& path, const Raster& raster, const Regions& regions) {
  const Place& place = raster.georeference().transform;
  const Json json = {{"format", kRegionsFormat},
                     {"version", 1},
                     {"program", GMMSEG_VERSION},
                     {"width", regions.width},
                     {"height", regions.height},
                     {"options", OptionsJson(regions.options)},
                     {"level", std::isfinite(regions.level) ? Json(regions.level) : Json()},
                     {"bands", RegionBandNames(raster)},
                     {"regions", JsonList(regions.table, [&](const RegionEntry& region) {
                        return RegionJson(region, place);
                      })}};
  WriteStagedFile(path, ToText(json));
}

// A feature at a time: as JSON in memory, corners take many times their own size.
void WriteRegionsGeoJson(const std::string& path, const Raster& raster, const Regions& regions) {
  std::map<std::uint32_t, std::vector<Outline>> pieces;
  for (Outline& outline : OutlinesOf(regions.labels, regions.width))
    pieces[outline.label].push_back(std::move(outline));
  const std::vector<std::string> bands = RegionBandNames(raster);
  const Place& place = raster.georeference().transform;
  const std::string urn = place ? CrsUrn(raster.georeference().crs) : "";
  const Place of_corners = urn.empty() ? std::nullopt : place;
  StagedFile file(path);
  file.Write(kRegionsGeoJsonStart + std::string(",\n") + (urn.empty() ? "" : CrsMember(urn)) +
             " \"features\": [");
  const char* before = "\n";
  for (const RegionEntry& region : regions.table) {
    const Json feature = {{"type", "Feature"},
                          {"id", region.index},
                          {"properties", PropertiesJson(region, bands, place)},
                          {"geometry", GeometryJson(pieces[region.index], of_corners)}};
    file.Write(before + feature.dump());
    before = ",\n";
  }
  file.Write("\n]}\n");
  file.Commit();
}

}  // namespace gmmseg
