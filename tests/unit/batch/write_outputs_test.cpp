#include "batch/write_outputs.h"

#include <doctest/doctest.h>
#include <gmmseg/errors.h>

#include <cmath>

#include "scratch_folder.h"

using namespace gmmseg;

TEST_CASE("of a volume labels are a volume, which is read as it was, and heatmaps are left out") {
  const ScratchFolder folder;
  Raster volume(4, 3, 1, SampleType::kUint8, ColorModel::kGray, 2);
  VolumeGeometry geometry;  // as of a scan that was no NIfTI file: turned by 30 degrees
  geometry.spacing = {2, 2, 3};
  geometry.to_world = {{{std::sqrt(3.0), -1, 0, 5}, {1, std::sqrt(3.0), 0, -7}, {0, 0, 3, 11}}};
  volume.SetVolume(geometry);
  SegmentOptions options;
  options.fit.num_components = 1;
  const Segmentation result = Segment(volume, options);
  OutputOptions output;
  output.outputs = {Output::kModel, Output::kConvergence, Output::kOverlay, Output::kHeatmaps};
  WriteOutputs(folder.path(), "v", volume, result, {}, output);
  CHECK(folder.Names() == std::set<std::string>{"v.gmm.json", "v_convergence.svg", "v_overlay.png"});
  output.outputs = {Output::kLabels};
  try {
    WriteOutputs(folder.path(), "v", volume, result, {}, output);
  } catch (const IoError& error) {
    CHECK(std::string(error.what()).find("GMMSEG_WITH_NIFTI") != std::string::npos);
    return;  // of a build without the library
  }
  const LoadedLabels labels = LoadLabels((folder.path() / "v_labels.nii.gz").string());
  CHECK(labels.width == 4);
  CHECK(labels.height == 3);
  CHECK(labels.depth == 2);
  CHECK(labels.labels == result.labels);
  REQUIRE(labels.volume.has_value());
  CHECK(labels.volume->spacing == geometry.spacing);
  for (int r = 0; r < 3; ++r)
    for (int c = 0; c < 4; ++c)
      CHECK(labels.volume->to_world[r][c] == doctest::Approx(geometry.to_world[r][c]));
}
