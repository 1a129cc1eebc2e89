#include "render/volume_cuts.h"

#include <gmmseg/render.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gmmseg {
namespace {

constexpr double kLongestVoxel = 4;  // pixels of an overlay, of one voxel's length

// The patient's axes along the sides of a plane's pictures.
struct PictureAxes {
  int across, down;
};
PictureAxes PictureAxesOf(CutPlane plane) {
  switch (plane) {
    case CutPlane::kSagittal:
      return {1, 2};
    case CutPlane::kCoronal:
      return {0, 2};
    case CutPlane::kAxial:
      break;
  }
  return {0, 1};
}

VolumeGeometry GeometryOf(const Raster& raster) {
  return raster.volume().value_or(VolumeGeometry());
}

// Cosine of the angle between the voxels' axis v and the patient's axis r.
double Cosine(const VoxelToWorld& to_world, int r, int v) {
  const double length = std::hypot(to_world[0][v], to_world[1][v], to_world[2][v]);
  return length > 0 ? to_world[r][v] / length : 0;
}

// A picture turned upside down: rows go from the top, where the axis ends.
PatientAxis Downwards(PatientAxis axis) { return {axis.voxel_axis, !axis.reversed}; }

std::int64_t StrideOf(const std::array<std::int64_t, 3>& size, int axis) {
  return std::accumulate(size.begin(), size.begin() + axis, std::int64_t{1}, std::multiplies<>());
}

// Slices from first to last, that one among them, at most so many, and all equally far apart.
std::vector<std::int64_t> SpacedSlices(std::int64_t first, std::int64_t last, std::int64_t through,
                                       int most) {
  const std::int64_t step = (last - first + most) / most;
  std::vector<std::int64_t> slices;
  for (std::int64_t slice = through - (through - first) / step * step; slice <= last; slice += step)
    slices.push_back(slice);
  return slices;
}

}  // namespace

PatientAxes PatientAxesOf(const VolumeGeometry& geometry) {
  std::array<int, 3> order{0, 1, 2}, best = order;
  double most = -1;
  do {
    double agreement = 0;
    for (int r = 0; r < 3; ++r) agreement += std::abs(Cosine(geometry.to_world, r, order[r]));
    if (agreement <= most) continue;
    most = agreement;
    best = order;
  } while (std::ranges::next_permutation(order).found);
  PatientAxes axes;
  for (int r = 0; r < 3; ++r) axes[r] = {best[r], Cosine(geometry.to_world, r, best[r]) < 0};
  return axes;
}

std::array<std::int64_t, 3> VolumeSize(const Raster& raster) {
  return {raster.width(), raster.height(), raster.depth()};
}

std::array<double, 3> VolumeExtent(const Raster& raster) {
  const VolumeGeometry geometry = GeometryOf(raster);
  std::array<double, 3> extent{};
  for (int axis = 0; axis < 3; ++axis)
    extent[axis] = geometry.spacing[axis] * static_cast<double>(VolumeSize(raster)[axis]);
  return extent;
}

int SliceAxis(const Raster& raster, CutPlane plane) {
  return PatientAxesOf(GeometryOf(raster))[static_cast<int>(plane)].voxel_axis;
}

std::int64_t CountSlices(const Raster& raster, CutPlane plane) {
  return VolumeSize(raster)[SliceAxis(raster, plane)];
}

LabelBox LabelBoxOf(const Raster& raster, std::span<const std::uint16_t> labels) {
  const std::array<std::int64_t, 3> size = VolumeSize(raster);
  LabelBox box{size, {-1, -1, -1}};
  for (std::int64_t z = 0, voxel = 0; z < size[2]; ++z)
    for (std::int64_t y = 0; y < size[1]; ++y)
      for (std::int64_t x = 0; x < size[0]; ++x, ++voxel) {
        if (labels[voxel] == 0) continue;
        const std::array<std::int64_t, 3> place{x, y, z};
        for (int axis = 0; axis < 3; ++axis) {
          box.first[axis] = std::min(box.first[axis], place[axis]);
          box.last[axis] = std::max(box.last[axis], place[axis]);
        }
      }
  if (box.last[0] < 0) box = {{0, 0, 0}, {size[0] - 1, size[1] - 1, size[2] - 1}};
  return box;
}

VolumeCut::Side VolumeCut::SideOf(const Raster& raster, PatientAxis axis, double pixel_mm) {
  const std::array<std::int64_t, 3> size = VolumeSize(raster);
  const double pixels = VolumeExtent(raster)[axis.voxel_axis] / pixel_mm;
  return {size[axis.voxel_axis], StrideOf(size, axis.voxel_axis), axis.reversed,
          std::max(1, static_cast<int>(std::lround(pixels)))};
}

VolumeCut::VolumeCut(const Raster& raster, CutPlane plane, std::int64_t slice, double pixel_mm) {
  const PatientAxes axes = PatientAxesOf(GeometryOf(raster));
  const PictureAxes sides = PictureAxesOf(plane);
  first_ = slice * StrideOf(VolumeSize(raster), axes[static_cast<int>(plane)].voxel_axis);
  across_ = SideOf(raster, axes[sides.across], pixel_mm);
  down_ = SideOf(raster, Downwards(axes[sides.down]), pixel_mm);
}

double FinestPixel(const Raster& raster, CutPlane plane) {
  const PatientAxes axes = PatientAxesOf(GeometryOf(raster));
  const PictureAxes sides = PictureAxesOf(plane);
  const std::array<double, 3> spacing = GeometryOf(raster).spacing;
  const std::array<double, 3> extent = VolumeExtent(raster);
  const int across = axes[sides.across].voxel_axis, down = axes[sides.down].voxel_axis;
  const double most_pixels =
      kLongestVoxel *
      static_cast<double>(std::max(VolumeSize(raster)[across], VolumeSize(raster)[down]));
  return std::max(std::min(spacing[across], spacing[down]),
                  std::max(extent[across], extent[down]) / most_pixels);
}

CutPicture PaintCut(const VolumeCut& cut, const DisplayPainter& painter,
                    std::span<const std::uint16_t> labels, const ClassTable& classes) {
  CutPicture picture{cut.width(), cut.height(), {}};
  std::vector<Rgb> grey(static_cast<std::size_t>(cut.width()) * cut.height());
  std::vector<std::uint16_t> shown;
  shown.reserve(grey.size());
  for (int row = 0; row < cut.height(); ++row)
    for (int column = 0; column < cut.width(); ++column) {
      const std::int64_t voxel = cut.VoxelAt(column, row);
      painter.Paint(voxel, 1, &grey[shown.size()]);
      shown.push_back(labels[voxel]);
    }
  picture.pixels = Overlay(grey, cut.width(), cut.height(), shown, classes);
  return picture;
}

std::vector<CutSeries> CutThrough(const Raster& raster, const DisplayPainter& painter,
                                  std::span<const std::uint16_t> labels, const ClassTable& classes,
                                  CutLimits limits) {
  const LabelBox box = LabelBoxOf(raster, labels);
  const double pixel_mm = std::ranges::max(VolumeExtent(raster)) / limits.longest_side;
  std::vector<CutSeries> all;
  for (const CutPlane plane : {CutPlane::kAxial, CutPlane::kCoronal, CutPlane::kSagittal}) {
    const int axis = SliceAxis(raster, plane);
    const std::int64_t middle = box.Middle(axis);
    CutSeries& series = all.emplace_back();
    series.plane = plane;
    series.num_slices = CountSlices(raster, plane);
    const std::vector<std::int64_t> slices =
        plane == CutPlane::kAxial
            ? SpacedSlices(box.first[axis], box.last[axis], middle, limits.most_slices)
            : std::vector{middle};
    series.start = std::ranges::find(slices, middle) - slices.begin();
    for (const std::int64_t slice : slices) {
      series.slices.push_back(slice + 1);
      series.pictures.push_back(
          PaintCut(VolumeCut(raster, plane, slice, pixel_mm), painter, labels, classes));
    }
  }
  return all;
}

}  // namespace gmmseg
