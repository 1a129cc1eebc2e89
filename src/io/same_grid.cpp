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
  return std::to_string(grid.width) + " x " + std::to_string(grid.height) +
         (grid.depth > 1 ? " x " + std::to_string(grid.depth) : "");
}

constexpr double kMostPixelsApart = 1e-3;

std::string MatrixText(const VoxelToWorld& m) {
  std::string text;
  for (const std::array<double, 4>& row : m)
    text +=
        Format("%s%.6g %.6g %.6g %.6g", text.empty() ? "[" : "; ", row[0], row[1], row[2], row[3]);
  return text + "]";
}

// Where a corner of pixels lies on the earth by one transform and by another: pixels apart.
double PixelsApart(const std::array<double, 6>& s, const std::array<double, 6>& t, double column,
                   double row) {
  const double dx = s[0] - t[0] + (s[1] - t[1]) * column + (s[2] - t[2]) * row;
  const double dy = s[3] - t[3] + (s[4] - t[4]) * column + (s[5] - t[5]) * row;
  const double size = std::sqrt(std::abs(SignedPixelArea(s)));
  return std::hypot(dx, dy) / (size > 0 ? size : 1);
}

// How far apart two geometries put a voxel, in the smallest of the spacings.
double VoxelsApart(const VolumeGeometry& a, const VolumeGeometry& b,
                   const std::array<std::int64_t, 3>& voxel) {
  double squares = 0;
  for (int r = 0; r < 3; ++r) {
    double apart = a.to_world[r][3] - b.to_world[r][3];
    for (int axis = 0; axis < 3; ++axis)
      apart += (a.to_world[r][axis] - b.to_world[r][axis]) * static_cast<double>(voxel[axis]);
    squares += apart * apart;
  }
  return std::sqrt(squares) / std::ranges::min(a.spacing);
}

// At the corner that is worst.
double VoxelsApart(const GridFacts& own, const GridFacts& other) {
  double most = 0;
  for (int corner = 0; corner < 8; ++corner)
    most =
        std::max(most, VoxelsApart(*own.volume, *other.volume,
                                   {corner & 1 ? own.width - 1 : 0, corner & 2 ? own.height - 1 : 0,
                                    corner & 4 ? own.depth - 1 : 0}));
  return most;
}

}  // namespace

GridFacts GridOf(const Raster& raster) {
  return {.width = raster.width(),
          .height = raster.height(),
          .depth = raster.depth(),
          .volume = raster.volume()};
}

GridFacts GridOf(const LoadedLabels& labels) {
  return {.width = labels.width,
          .height = labels.height,
          .depth = labels.depth,
          .volume = labels.volume};
}

void CheckSameGrid(const std::string& path, const GridFacts& own, const std::string& other_path,
                   const GridFacts& other, const std::string& advice) {
  const auto refuse = [&](const std::string& what) {
    throw IoError(IoError::Operation::kRead, other_path + ": " + what + "; " + advice);
  };
  if (own.width != other.width || own.height != other.height || own.depth != other.depth)
    refuse("is " + SizeText(other) + " pixels and " + path + " " + SizeText(own));
  if (own.volume && other.volume)
    if (const double apart = VoxelsApart(own, other); apart > kMostPixelsApart)
      refuse("lies up to " + Format("%.4g", apart) + " voxels away from " + path +
             " (voxel to world " + MatrixText(other.volume->to_world) + " and " +
             MatrixText(own.volume->to_world) + ")");
  const auto &s = own.georeference.transform, &t = other.georeference.transform;
  if (!s || !t) return;
  const auto width = static_cast<double>(own.width), height = static_cast<double>(own.height);
  const double apart =
      std::max({PixelsApart(*s, *t, 0, 0), PixelsApart(*s, *t, width, 0),
                PixelsApart(*s, *t, 0, height), PixelsApart(*s, *t, width, height)});
  if (apart > kMostPixelsApart)
    refuse("lies up to " + Format("%.4g", apart) + " pixels away from " + path + " (transforms " +
           Numbers(*t) + " and " + Numbers(*s) + ")");
  const std::string &crs = own.georeference.crs, &other_crs = other.georeference.crs;
  if (!IsSameCrs(crs, other_crs)) refuse("has another reference system than " + path);
}

}  // namespace gmmseg
