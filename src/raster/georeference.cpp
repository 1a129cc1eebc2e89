#include <gmmseg/georeference.h>

#include "base/decimal.h"

namespace gmmseg {

MapPoint PlaceOf(const GeoTransform& t, double column, double row) {
  return {t[0] + t[1] * column + t[2] * row, t[3] + t[4] * column + t[5] * row};
}

double SignedPixelArea(const GeoTransform& t) { return t[1] * t[5] - t[2] * t[4]; }

Georeference Georeference::Shifted(double column, double row) const {
  Georeference shifted = *this;
  if (shifted.transform) {
    const MapPoint corner = PlaceOf(*transform, column, row);
    (*shifted.transform)[0] = corner.x;
    (*shifted.transform)[3] = corner.y;
  }
  for (ControlPoint& point : shifted.control_points) {
    point.column -= column;
    point.row -= row;
  }
  // The offsets of lines and samples; the rest is of the earth.
  for (auto& [name, value] : shifted.rpc) {
    const bool of_line = name == "LINE_OFF", of_sample = name == "SAMP_OFF";
    if (!of_line && !of_sample) continue;
    value = FixedText(NumberAtFront(value).value_or(0) - (of_line ? row : column), 6);
  }
  return shifted;
}

}  // namespace gmmseg
