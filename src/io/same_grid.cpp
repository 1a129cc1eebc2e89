#include "io/same_grid.h"

#include <gmmseg/errors.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "io/map_reader.h"

namespace gmmseg {
namespace {

std::string Numbers(const std::array<double, 6>& values) {
  std::string text;
  for (const double value : values) text += (text.empty() ? "" : ", ") + Format("%.10g", value);
  return text;
}

std::string SizeText(const GridFacts& grid) {
  return std::to_string(grid.width) + " x " + std::to_string(grid.height);
}

[[noreturn]] void RefuseGrid(const std::string& channel, const std::string& what) {
  throw IoError(IoError::Operation::kRead, channel + ": " + what + "; give channels of one grid");
}

// Where a corner of pixels lies on the earth by one transform and by another: pixels apart.
double PixelsApart(const std::array<double, 6>& s, const std::array<double, 6>& t, double column,
                   double row) {
  const double dx = s[0] - t[0] + (s[1] - t[1]) * column + (s[2] - t[2]) * row;
  const double dy = s[3] - t[3] + (s[4] - t[4]) * column + (s[5] - t[5]) * row;
  const double size = std::sqrt(std::abs(SignedPixelArea(s)));
  return std::hypot(dx, dy) / (size > 0 ? size : 1);
}

}  // namespace

void CheckSameGrid(const std::string& path, const GridFacts& own, const std::string& channel,
                   const GridFacts& other) {
  if (own.width != other.width || own.height != other.height)
    RefuseGrid(channel, "is " + SizeText(other) + " pixels and " + path + " " + SizeText(own));
  const auto &s = own.georeference.transform, &t = other.georeference.transform;
  if (!s || !t) return;
  constexpr double kMost = 1e-3;
  const auto width = static_cast<double>(own.width), height = static_cast<double>(own.height);
  const double apart =
      std::max({PixelsApart(*s, *t, 0, 0), PixelsApart(*s, *t, width, 0),
                PixelsApart(*s, *t, 0, height), PixelsApart(*s, *t, width, height)});
  if (apart > kMost)
    RefuseGrid(channel, "lies up to " + Format("%.4g", apart) + " pixels away from " + path +
                            " (transforms " + Numbers(*t) + " and " + Numbers(*s) + ")");
  const std::string &crs = own.georeference.crs, &other_crs = other.georeference.crs;
  if (!IsSameCrs(crs, other_crs)) RefuseGrid(channel, "has another reference system than " + path);
}

}  // namespace gmmseg
