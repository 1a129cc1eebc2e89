// Flat pictures of volumes: cuts across the voxels' axes that lie nearest to the patient's, drawn
// upright, the front or the head at the top, and the patient's left at the left (neurological
// convention); of sagittal ones the front is at the right. Their pixels are square.
#pragma once

#include <gmmseg/class_table.h>
#include <gmmseg/raster.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "render/painters.h"

namespace gmmseg {

// Of each axis of the patient (0 to the right, 1 to the front, 2 up), the voxels' axis that runs
// nearest to it (0 x, 1 y, 2 z; each is taken once), and whether it runs the other way.
struct PatientAxis {
  int voxel_axis;
  bool reversed;
  bool operator==(const PatientAxis&) const = default;
};
using PatientAxes = std::array<PatientAxis, 3>;
PatientAxes PatientAxesOf(const VolumeGeometry& geometry);

// A cut lies across an axis of the patient.
enum class CutPlane { kSagittal, kCoronal, kAxial };  // across 0, 1, 2

std::array<std::int64_t, 3> VolumeSize(const Raster& raster);
// Of the voxels' axes x, y and z, in mm.
std::array<double, 3> VolumeExtent(const Raster& raster);
// How many slices lie across, in the file's order.
std::int64_t CountSlices(const Raster& raster, CutPlane plane);
// The voxels' axis across which they lie.
int SliceAxis(const Raster& raster, CutPlane plane);

// First and last voxel with a label, along x, y and z; of all voxels where there is no label.
struct LabelBox {
  std::array<std::int64_t, 3> first, last;
  std::int64_t Middle(int axis) const { return (first[axis] + last[axis]) / 2; }
};
LabelBox LabelBoxOf(const Raster& raster, std::span<const std::uint16_t> labels);

// Where a picture's pixels are in the volume: each stands for the voxel that holds its middle.
class VolumeCut {
 public:
  // Slice from 0, in the file's order; pixels of so many mm.
  VolumeCut(const Raster& raster, CutPlane plane, std::int64_t slice, double pixel_mm);
  int width() const { return across_.pixels; }
  int height() const { return down_.pixels; }
  std::int64_t VoxelAt(int column, int row) const {
    return first_ + across_.Offset(column) + down_.Offset(row);
  }

 private:
  // A side of the picture and the voxels along it.
  struct Side {
    std::int64_t count, stride;
    bool reversed;
    int pixels;
    std::int64_t Offset(int pixel) const {
      const std::int64_t at = (2 * std::int64_t{pixel} + 1) * count / (2 * std::int64_t{pixels});
      return (reversed ? count - 1 - at : at) * stride;
    }
  };
  static Side SideOf(const Raster& raster, PatientAxis axis, double pixel_mm);

  std::int64_t first_ = 0;
  Side across_, down_;
};

// The smallest spacing within the slices, or more where a picture would be more than four times as
// long as the volume has voxels.
double FinestPixel(const Raster& raster, CutPlane plane);

struct CutPicture {
  int width = 0, height = 0;
  std::vector<Rgb> pixels;
};
// Overlay of render.h, of that cut.
CutPicture PaintCut(const VolumeCut& cut, const DisplayPainter& painter,
                    std::span<const std::uint16_t> labels, const ClassTable& classes);

// What a page shows of one plane.
struct CutSeries {
  CutPlane plane = CutPlane::kAxial;
  std::int64_t num_slices = 0;       // of the volume
  std::size_t start = 0;             // the picture that is shown first
  std::vector<std::int64_t> slices;  // by number from 1, ascending
  std::vector<CutPicture> pictures;  // one for each
};
struct CutLimits {
  int longest_side;  // pixels
  int most_slices;   // of the axial ones
};
// Axial slices, evenly spaced where labels are, among them the middle one, and the middle one of
// the coronal and of the sagittal ones; all at one scale.
std::vector<CutSeries> CutThrough(const Raster& raster, const DisplayPainter& painter,
                                  std::span<const std::uint16_t> labels, const ClassTable& classes,
                                  CutLimits limits);

}  // namespace gmmseg
