#include "batch/write_outputs.h"

#include <doctest/doctest.h>
#include <gmmseg/errors.h>

#include "scratch_folder.h"

using namespace gmmseg;

TEST_CASE(
    "a volume's model and its convergence are written; pictures of pixels, which hold one slice, "
    "are refused") {
  const ScratchFolder folder;
  const Raster volume(4, 3, 1, SampleType::kUint8, ColorModel::kGray, 2);
  SegmentOptions options;
  options.fit.num_components = 1;
  const Segmentation result = Segment(volume, options);
  OutputOptions output;
  for (const Output picture : AllOutputs()) {
    output.outputs = {Output::kModel, picture};
    if (picture == Output::kModel || picture == Output::kConvergence) continue;
    CHECK_THROWS_WITH_AS(WriteOutputs(folder.path(), "v", volume, result, {}, output),
                         doctest::Contains("2 slices"), ParameterError);
    CHECK(folder.Names().empty());
  }
  output.outputs = {Output::kModel, Output::kConvergence};
  WriteOutputs(folder.path(), "v", volume, result, {}, output);
  CHECK(folder.Names() == std::set<std::string>{"v.gmm.json", "v_convergence.svg"});
}
