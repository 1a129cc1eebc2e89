#include "batch/write_outputs.h"

#include <doctest/doctest.h>
#include <gmmseg/errors.h>

#include "scratch_folder.h"

using namespace gmmseg;

TEST_CASE("of a volume labels are a volume, which is read as it was, and pictures are left out") {
  const ScratchFolder folder;
  const Raster volume(4, 3, 1, SampleType::kUint8, ColorModel::kGray, 2);
  SegmentOptions options;
  options.fit.num_components = 1;
  const Segmentation result = Segment(volume, options);
  OutputOptions output;
  output.outputs = {Output::kModel, Output::kConvergence, Output::kOverlay, Output::kHeatmaps};
  WriteOutputs(folder.path(), "v", volume, result, {}, output);
  CHECK(folder.Names() == std::set<std::string>{"v.gmm.json", "v_convergence.svg"});
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
}
