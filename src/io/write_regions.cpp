#include <gmmseg/region_io.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/text.h"
#include "io/json_lists.h"
#include "io/json_text.h"
#include "io/regions_format.h"
#include "io/staged_file.h"
#include "spatial/outlines.h"

namespace gmmseg {
namespace {

using Json = nlohmann::ordered_json;

std::vector<std::string> BandNames(const Raster& raster) {
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

std::string CsvRow(const RegionEntry& region) {
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
  return row + '\n';
}

Json OptionsJson(const RegionOptions& options) {
  return {{"regions", options.num_regions ? Json(*options.num_regions) : Json()},
          {"components", options.num_components},
          {"mixtures", options.num_mixtures},
          {"seed", options.seed}};
}

Json RegionJson(const RegionEntry& region) {
  return {{"region", region.index},
          {"area", region.area},
          {"centroid", {region.x, region.y}},
          {"bounding_box", {region.left, region.top, region.right, region.bottom}},
          {"mean", region.mean},
          {"neighbours", region.neighbours}};
}

Json PolygonCoordinates(const Outline& outline) {
  Json rings = Json::array();
  const auto add = [&rings](const Ring& ring) {
    Json corners = JsonList(ring, [](Corner corner) { return Json{corner.x, corner.y}; });
    corners.push_back(corners.front());
    rings.push_back(std::move(corners));
  };
  add(outline.outer);
  for (const Ring& hole : outline.holes) add(hole);
  return rings;
}

Json GeometryJson(const std::vector<Outline>& pieces) {
  if (pieces.size() == 1)
    return {{"type", "Polygon"}, {"coordinates", PolygonCoordinates(pieces.front())}};
  return {{"type", "MultiPolygon"}, {"coordinates", JsonList(pieces, PolygonCoordinates)}};
}

Json FeatureJson(const RegionEntry& region, const std::vector<std::string>& bands,
                 const std::vector<Outline>& pieces) {
  Json properties = {{"region", region.index}, {"area", region.area}};
  for (std::size_t b = 0; b < bands.size(); ++b) properties["mean_" + bands[b]] = region.mean[b];
  return {{"type", "Feature"},
          {"id", region.index},
          {"properties", properties},
          {"geometry", GeometryJson(pieces)}};
}

}  // namespace

void WriteRegionsCsv(const std::string& path, const Raster& raster, const Regions& regions) {
  std::string text = kRegionsCsvStart;
  for (const std::string& band : BandNames(raster)) text += ",mean_" + band;
  text += ",neighbours\n";
  for (const RegionEntry& region : regions.table) text += CsvRow(region);
  WriteStagedFile(path, text);
}

void WriteRegionsJson(const std::string& path, const Raster& raster, const Regions& regions) {
  const Json json = {{"format", kRegionsFormat},
                     {"version", 1},
                     {"program", GMMSEG_VERSION},
                     {"width", regions.width},
                     {"height", regions.height},
                     {"options", OptionsJson(regions.options)},
                     {"level", std::isfinite(regions.level) ? Json(regions.level) : Json()},
                     {"bands", BandNames(raster)},
                     {"regions", JsonList(regions.table, RegionJson)}};
  WriteStagedFile(path, ToText(json));
}

// A feature at a time: as JSON in memory, corners take many times their own size.
void WriteRegionsGeoJson(const std::string& path, const Raster& raster, const Regions& regions) {
  std::map<std::uint32_t, std::vector<Outline>> pieces;
  for (Outline& outline : OutlinesOf(regions.labels, regions.width))
    pieces[outline.label].push_back(std::move(outline));
  const std::vector<std::string> bands = BandNames(raster);
  StagedFile file(path);
  file.Write(std::string(kRegionsGeoJsonStart) + ",\n \"features\": [");
  const char* before = "\n";
  for (const RegionEntry& region : regions.table) {
    file.Write(before + FeatureJson(region, bands, pieces[region.index]).dump());
    before = ",\n";
  }
  file.Write("\n]}\n");
  file.Commit();
}

}  // namespace gmmseg
