// Regions as files: their table and their outlines. Written files appear whole or not at all; every
// function throws IoError where a file cannot be written.
#pragma once

#include <gmmseg/raster.h>
#include <gmmseg/regions.h>

#include <string>

namespace gmmseg {

// A line per region, after one of headings: region, area (pixels), the centroid x, y (pixel (0, 0)
// has its centre at 0, 0), the outermost pixels left, top, right, bottom, the mean of each band of
// the raster in its own values (mean_red, mean_green, mean_blue; mean_gray; mean_band_1 …), and the
// neighbours, with spaces between them. Of a raster with a geotransform also the centroid on the
// map map_x, map_y and map_area, in the reference system's units and their squares.
void WriteRegionsCsv(const std::string& path, const Raster& raster, const Regions& regions);

// The same as {"format": "gmmseg-regions", "version": 1, "program": its version, "width", "height",
// "options": {"regions" (null where the level decided), "components", "mixtures", "seed"}, "level"
// (that of the cut; null where everything is merged), "bands": names, "regions": [{"region",
// "area", "centroid": [x, y], "bounding_box": [left, top, right, bottom], "mean": per band,
// "neighbours", and with a geotransform "map_centroid": [x, y], "map_area"}]}.
void WriteRegionsJson(const std::string& path, const Raster& raster, const Regions& regions);

// GeoJSON (RFC 7946), a feature per region: a Polygon, or where it is in several pieces a
// MultiPolygon, along the sides of pixels. Of a raster with a geotransform and a reference system
// that an authority has a code of, on the map, with the member "crs" of GeoJSON 2008, which GDAL
// and QGIS read. Of others in pixels: the image's upper left corner is 0, 0, and y points down; a
// centroid of the table lies half a pixel to the right and below in these. Properties: "region",
// "area", with a geotransform "map_area", and the means as in the CSV file. Rings turn as the RFC
// has them for axes that point right and up.
void WriteRegionsGeoJson(const std::string& path, const Raster& raster, const Regions& regions);

}  // namespace gmmseg
