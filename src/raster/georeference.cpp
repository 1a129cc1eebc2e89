#include <gmmseg/georeference.h>

#include <cstdlib>

namespace gmmseg {

Georeference Georeference::Shifted(double column, double row) const {
  Georeference shifted = *this;
  if (shifted.transform) {
    std::array<double, 6>& t = *shifted.transform;
    t[0] += t[1] * column + t[2] * row;
    t[3] += t[4] * column + t[5] * row;
  }
  for (ControlPoint& point : shifted.control_points) {
    point.column -= column;
    point.row -= row;
  }
  // The offsets of lines and samples; the rest is of the earth.
  for (auto& [name, value] : shifted.rpc) {
    const bool of_line = name == "LINE_OFF", of_sample = name == "SAMP_OFF";
    if (!of_line && !of_sample) continue;
    value = std::to_string(std::strtod(value.c_str(), nullptr) - (of_line ? row : column));
  }
  return shifted;
}

}  // namespace gmmseg
