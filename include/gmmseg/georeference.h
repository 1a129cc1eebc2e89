// Where on the earth a raster's pixels lie, and what else its file says of the place and the time.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gmmseg {

// x = t[0] + t[1] · column + t[2] · row, y = t[3] + t[4] · column + t[5] · row, of the upper left
// corner of the upper left pixel at column 0 and row 0; the reference system's units.
using GeoTransform = std::array<double, 6>;

// On the map: the reference system's units.
struct MapPoint {
  double x = 0, y = 0;
};

MapPoint PlaceOf(const GeoTransform& transform, double column, double row);
// The reference system's units squared; below 0 where x, y turn the other way than column, row, as
// they do where north is up.
double SignedPixelArea(const GeoTransform& transform);

// A place in the raster whose coordinates are known.
struct ControlPoint {
  std::string id, info;
  double column = 0, row = 0;  // pixels, 0 at the left and upper borders
  double x = 0, y = 0, z = 0;  // the reference system's units

  bool operator==(const ControlPoint&) const = default;
};

// All of it as GDAL has it. Default: nothing is known.
struct Georeference {
  std::string crs;  // of the transform, or of the control points: WKT 2; empty: unknown
  std::optional<GeoTransform> transform;
  std::vector<ControlPoint> control_points;
  std::vector<std::pair<std::string, std::string>> rpc;  // rational polynomial coefficients
  // What maps made from this one keep: AREA_OR_POINT and dates, by GDAL's names.
  std::vector<std::pair<std::string, std::string>> metadata;

  // Whether a place on the earth can be told from a pixel.
  bool IsLocated() const { return transform || !control_points.empty() || !rpc.empty(); }
  // Of the part of the raster whose upper left pixel is at this column and row.
  Georeference Shifted(double column, double row) const;

  bool operator==(const Georeference&) const = default;
};

}  // namespace gmmseg
