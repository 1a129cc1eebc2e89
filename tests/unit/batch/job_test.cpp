#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/job.h>

#include <new>

#include "scratch_folder.h"

using namespace gmmseg;

namespace {

const std::string kInput = "null:8x6x1:u8";

SegmentOptions OneClass() {
  SegmentOptions options;
  options.fit.num_components = 1;
  return options;
}

OutputOptions Into(const ScratchFolder& folder, const std::string& name = "out") {
  OutputOptions output;
  output.directory = (folder.path() / name).string();
  return output;
}

}  // namespace

TEST_CASE("a job writes the default set under the promised names and says so") {
  const ScratchFolder folder;
  const JobResult result = RunSegmentJob(kInput, OneClass(), Into(folder));
  CHECK(result.files == std::vector<std::string>{kInput + ".gmm.json", kInput + "_heat_1.png",
                                                 kInput + "_labels.png", kInput + "_overlay.png",
                                                 kInput + "_uncertainty.png"});
  for (const std::string& name : result.files)
    CHECK(boost::filesystem::file_size(folder.path() / "out" / name) > 0);
  CHECK(result.width == 8);
  CHECK(result.height == 6);
  CHECK(result.num_valid == 48);
  CHECK(result.threads >= 1);
  CHECK_FALSE(result.instruction_set.empty());
}

TEST_CASE("existing outputs are refused before any work, and the message names the way out") {
  const ScratchFolder folder;
  folder.Write(kInput + "_heat_3.png", "mine");
  SegmentOptions options;
  options.fit.num_components = 3;
  int calls = 0;
  CHECK_THROWS_WITH_AS(
      RunSegmentJob(kInput, options, Into(folder, "."), [&](const JobProgress&) { ++calls; }),
      doctest::Contains("--overwrite"), ParameterError);
  CHECK(calls == 0);
  CHECK(folder.Read(kInput + "_heat_3.png") == "mine");
}

TEST_CASE("a missing parent of the output folder, or a file in its place, is the caller's error") {
  const ScratchFolder folder;
  folder.Write("file", "");
  CHECK_THROWS_WITH_AS(RunSegmentJob(kInput, OneClass(), Into(folder, "missing/out")),
                       doctest::Contains("parent"), ParameterError);
  CHECK_THROWS_WITH_AS(RunSegmentJob(kInput, OneClass(), Into(folder, "file")),
                       doctest::Contains("is a file"), ParameterError);
  CHECK_THROWS_AS(RunSegmentJob(kInput, OneClass(), Into(folder, "missing/out/")), ParameterError);
}

TEST_CASE("a job that fails in the middle leaves the folder as it was") {
  const ScratchFolder folder;
  const auto fail_while_fitting = [](const JobProgress& progress) {
    if (progress.stage == JobStage::kFitting) throw std::runtime_error("stop");
  };
  CHECK_THROWS_WITH(RunSegmentJob(kInput, OneClass(), Into(folder), fail_while_fitting), "stop");
  CHECK(folder.Names().empty());
}

TEST_CASE("memory that runs out is reported with the image's size and advice") {
  const ScratchFolder folder;
  const auto fail_while_writing = [](const JobProgress& progress) {
    if (progress.stage == JobStage::kWriting) throw std::bad_alloc();
  };
  CHECK_THROWS_WITH_AS(RunSegmentJob(kInput, OneClass(), Into(folder), fail_while_writing),
                       doctest::Contains("8 x 6 pixels"), Error);
  CHECK(folder.Names().empty());
}

TEST_CASE("overwriting removes what an earlier run left and this one made stale") {
  const ScratchFolder folder;
  OutputOptions output = Into(folder);
  output.outputs = AllOutputs();
  output.outputs.erase(Output::kImputed);  // nothing is missing
  for (const OutputSet& of_others : {RegionOnlyOutputs(), TissueOutputs(), {Output::kVolumes}})
    for (const Output of_other : of_others) output.outputs.erase(of_other);
  RunSegmentJob(kInput, OneClass(), output);
  output.existing = ExistingOutputs::kOverwrite;
  output.outputs = {Output::kLabels};
  output.keep = {output.directory + "/" + kInput + ".gmm.json"};
  const JobResult result = RunSegmentJob(kInput, OneClass(), output);
  CHECK(result.files == std::vector<std::string>{kInput + "_labels.png"});
  CHECK(result.stale == std::vector<std::string>{
                            kInput + "_anomalies.png", kInput + "_convergence.svg",
                            kInput + "_density.tif", kInput + "_heat_1.png",
                            kInput + "_instability.png", kInput + "_mask_1.png",
                            kInput + "_outliers.tif", kInput + "_overlay.png",
                            kInput + "_probs.tif", kInput + "_uncertainty.png", "report.html"});
}

TEST_CASE("a job of regions writes its files, and refuses what is of classes") {
  const ScratchFolder folder;
  OutputOptions output = Into(folder);
  output.outputs = RegionOutputs();
  RegionOptions options;
  options.num_regions = 1;
  const JobResult result = RunRegionJob(kInput, options, output);
  CHECK(result.files == std::vector<std::string>{kInput + "_heat_1.png", kInput + "_hierarchy.tif",
                                                 kInput + "_labels.png", kInput + "_mask_1.png",
                                                 kInput + "_overlay.png", kInput + "_regions.csv",
                                                 kInput + "_regions.geojson",
                                                 kInput + "_regions.json"});
  REQUIRE(result.regions);
  CHECK(result.regions->num_regions == 1);
  CHECK(result.num_valid == 48);
  CHECK_THROWS_WITH_AS(RunRegionJob(kInput, options, output), doctest::Contains("--overwrite"),
                       ParameterError);
  output.existing = ExistingOutputs::kOverwrite;
  output.outputs = DefaultRegionOutputs();
  CHECK(RunRegionJob(kInput, options, output).stale ==
        std::vector<std::string>{kInput + "_heat_1.png", kInput + "_hierarchy.tif",
                                 kInput + "_mask_1.png", kInput + "_regions.geojson"});
  output.outputs = {Output::kModel};
  CHECK_THROWS_WITH_AS(RunRegionJob(kInput, options, output), doctest::Contains("model"),
                       ParameterError);
  output.outputs = {Output::kPolygons};
  CHECK_THROWS_WITH_AS(RunSegmentJob(kInput, OneClass(), output), doctest::Contains("polygons"),
                       ParameterError);
  output.outputs = DefaultRegionOutputs();
  CHECK_THROWS_WITH_AS(RunRegionJob({kInput, kInput}, options, output),
                       doctest::Contains("weight maps"), ParameterError);
  options.num_regions = 0;
  CHECK_THROWS_AS(RunRegionJob(kInput, options, output), ParameterError);
}

TEST_CASE("overwriting leaves the report of another image, and a page that is no report") {
  const ScratchFolder folder;
  OutputOptions output = Into(folder, ".");
  output.existing = ExistingOutputs::kOverwrite;
  output.outputs = {Output::kLabels, Output::kReport};
  RunSegmentJob("null:4x4x3:u8", OneClass(), output);
  output.outputs = {Output::kLabels};
  CHECK(RunSegmentJob(kInput, OneClass(), output).stale.empty());
  folder.Write("report.html", "<html>of mine</html>");
  CHECK(RunSegmentJob(kInput, OneClass(), output).stale.empty());
}

TEST_CASE("a photograph that is called like a report's part is no part") {
  const ScratchFolder folder;
  OutputOptions output = Into(folder, ".");
  output.existing = ExistingOutputs::kOverwrite;
  output.outputs = {Output::kLabels};
  folder.Write((kInput + "_report.jpg").c_str(), "a photograph");
  CHECK(RunSegmentJob(kInput, OneClass(), output).stale.empty());
  folder.Write((kInput + "_report.js").c_str(), "somebody's script");
  CHECK(RunSegmentJob(kInput, OneClass(), output).stale.empty());
  folder.Write((kInput + "_report.js").c_str(), "gmmsegReport.show({});");
  CHECK(RunSegmentJob(kInput, OneClass(), output).stale ==
        std::vector<std::string>{kInput + "_report.jpg", kInput + "_report.js"});
}

TEST_CASE("a page about a folder is not replaced by one about an image") {
  const ScratchFolder folder;
  OutputOptions output = Into(folder, ".");
  output.existing = ExistingOutputs::kOverwrite;
  output.outputs = {Output::kReport};
  folder.Write("report.html", "<html data-gmmseg-report=\"folder\">");
  CHECK_THROWS_WITH_AS(RunSegmentJob(kInput, OneClass(), output),
                       doctest::Contains("about a whole folder"), ParameterError);
}

TEST_CASE("a report's part for a page over many is made of two files") {
  const ScratchFolder folder;
  OutputOptions output = Into(folder);
  output.outputs = {Output::kReport};
  output.report_part = "";
  CHECK(RunSegmentJob(kInput, OneClass(), output).files ==
        std::vector<std::string>{kInput + "_report.jpg", kInput + "_report.js"});
}

TEST_CASE("a folder under an output's name is never replaced nor removed as stale") {
  const ScratchFolder folder;
  boost::filesystem::create_directory(folder.path() / (kInput + "_labels.png"));
  OutputOptions output = Into(folder, ".");
  output.existing = ExistingOutputs::kOverwrite;
  CHECK_THROWS_WITH_AS(RunSegmentJob(kInput, OneClass(), output), doctest::Contains("is a folder"),
                       ParameterError);
  output.outputs = {Output::kOverlay};
  RunSegmentJob(kInput, OneClass(), output);
  CHECK(folder.Names() == std::set<std::string>{kInput + "_labels.png", kInput + "_overlay.png"});
}

TEST_CASE("applying a model never removes one") {
  const ScratchFolder folder;
  OutputOptions output = Into(folder);
  const Model model = RunSegmentJob(kInput, OneClass(), output).model;
  output.existing = ExistingOutputs::kOverwrite;
  output.outputs = {Output::kLabels};
  RunApplyJob(kInput, model, output);
  CHECK(boost::filesystem::exists(folder.path() / "out" / (kInput + ".gmm.json")));
}
