#include "render/volume_cuts.h"

#include <doctest/doctest.h>

#include <set>

namespace gmmseg {
namespace {

constexpr std::int64_t kWidth = 4, kHeight = 5, kDepth = 6;

VolumeGeometry Geometry(const VoxelToWorld& to_world, std::array<double, 3> spacing) {
  VolumeGeometry geometry;
  geometry.to_world = to_world;
  geometry.spacing = spacing;
  return geometry;
}

// Each voxel's value is its place.
Raster Places(VolumeGeometry geometry) {
  Raster raster(kWidth, kHeight, 1, SampleType::kUint8, ColorModel::kGray, kDepth);
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i)
    raster.Band<std::uint8_t>(0)[i] = static_cast<std::uint8_t>(i);
  raster.SetVolume(std::move(geometry));
  return raster;
}

std::int64_t Place(std::int64_t x, std::int64_t y, std::int64_t z) {
  return (z * kHeight + y) * kWidth + x;
}

const VoxelToWorld kRas{{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}};

}  // namespace

TEST_CASE("patient's axes: nearest to the voxels', as nibabel's io_orientation has them") {
  // nibabel 5.0: io_orientation of these affines.
  CHECK(PatientAxesOf(Geometry(kRas, {1, 1, 1})) ==
        PatientAxes{{{0, false}, {1, false}, {2, false}}});
  // LAS: [[0, -1], [1, 1], [2, 1]].
  CHECK(PatientAxesOf(Geometry({{{-2, 0.1, 0, 9}, {0.1, 2, 0.1, 9}, {0, 0.1, 2, 9}}}, {2, 2, 2})) ==
        PatientAxes{{{0, true}, {1, false}, {2, false}}});
  // PSR, a sagittal scan: [[1, -1], [2, 1], [0, 1]].
  CHECK(PatientAxesOf(Geometry({{{0, 0.1, 3, 0}, {-1, 0.2, 0, 0}, {0.2, 1, 0, 0}}}, {1, 1, 3})) ==
        PatientAxes{{{2, false}, {0, true}, {1, false}}});
}

TEST_CASE("cuts: the patient's left at the left, front and head at the top") {
  const Raster raster = Places(Geometry(kRas, {1, 1, 1}));
  const VolumeCut axial(raster, CutPlane::kAxial, 2, 1);
  REQUIRE(axial.width() == kWidth);
  REQUIRE(axial.height() == kHeight);
  CHECK(axial.VoxelAt(0, 0) == Place(0, kHeight - 1, 2));
  CHECK(axial.VoxelAt(3, 4) == Place(3, 0, 2));
  const VolumeCut coronal(raster, CutPlane::kCoronal, 1, 1);
  CHECK(coronal.height() == kDepth);
  CHECK(coronal.VoxelAt(1, 0) == Place(1, 1, kDepth - 1));
  const VolumeCut sagittal(raster, CutPlane::kSagittal, 3, 1);
  CHECK(sagittal.VoxelAt(0, 0) == Place(3, 0, kDepth - 1));
  CHECK(sagittal.VoxelAt(4, 5) == Place(3, 4, 0));

  // As DICOM has axial slices: x to the left, y to the back.
  const Raster lps = Places(Geometry({{{-1, 0, 0, 0}, {0, -1, 0, 0}, {0, 0, 1, 0}}}, {1, 1, 1}));
  const VolumeCut turned(lps, CutPlane::kAxial, 2, 1);
  CHECK(turned.VoxelAt(0, 0) == Place(kWidth - 1, 0, 2));
  CHECK(turned.VoxelAt(0, 4) == Place(kWidth - 1, kHeight - 1, 2));
}

TEST_CASE("cuts: pixels are square in mm, whatever the voxels are") {
  const Raster raster = Places(Geometry(kRas, {1, 2, 3}));
  const double finest = FinestPixel(raster, CutPlane::kCoronal);
  CHECK(finest == 1);
  const VolumeCut coronal(raster, CutPlane::kCoronal, 0, finest);
  CHECK(coronal.width() == kWidth);
  CHECK(coronal.height() == 3 * kDepth);
  CHECK(coronal.VoxelAt(0, 2) == Place(0, 0, kDepth - 1));
  CHECK(coronal.VoxelAt(0, 3) == Place(0, 0, kDepth - 2));
  // A spacing that cannot be true makes no picture of any size.
  const Raster thin = Places(Geometry(kRas, {1e-6, 1, 1}));
  CHECK(VolumeCut(thin, CutPlane::kAxial, 0, FinestPixel(thin, CutPlane::kAxial)).height() <=
        4 * kDepth);
}

TEST_CASE("cuts of a page: axial slices where labels are, the others through their middle") {
  const Raster raster = Places(Geometry(kRas, {1, 1, 1}));
  std::vector<std::uint16_t> labels(raster.num_pixels());
  for (const std::int64_t z : {1, 2, 3, 4, 5}) labels[Place(1, 3, z)] = 1;
  const ClassTable classes = {{.index = 1, .name = "", .color = {255, 0, 0}, .mean = {}}};
  const DisplayPainter painter(raster);
  const std::vector<CutSeries> cuts = CutThrough(raster, painter, labels, classes, {60, 2});
  REQUIRE(cuts.size() == 3);
  CHECK(cuts[0].plane == CutPlane::kAxial);
  CHECK(cuts[0].num_slices == kDepth);
  CHECK(cuts[0].slices == std::vector<std::int64_t>{4});  // every third, the middle among them
  CHECK(cuts[1].slices == std::vector<std::int64_t>{4});
  CHECK(cuts[2].slices == std::vector<std::int64_t>{2});
  CHECK(cuts[1].pictures[0].height == 60);
  CHECK(cuts[1].pictures[0].width == 40);
  CHECK(CutThrough(raster, painter, labels, classes, {60, 9})[0].slices ==
        std::vector<std::int64_t>{2, 3, 4, 5, 6});
  CHECK(CutThrough(raster, painter, labels, classes, {60, 9})[0].start == 2);
  std::ranges::fill(labels, std::uint16_t{0});
  CHECK(CutThrough(raster, painter, labels, classes, {60, 9})[0].slices.size() == kDepth);
}

}  // namespace gmmseg
