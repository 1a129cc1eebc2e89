#include "batch/output_names.h"

#include <doctest/doctest.h>
#include <gmmseg/errors.h>

#include <algorithm>

#include "batch/bids_files.h"
#include "batch/bids_names.h"
#include "scratch_folder.h"

using namespace gmmseg;

TEST_CASE("stems: the folder and the last extension go, hidden and odd names stay whole") {
  CHECK(StemOf("photo.jpg") == "photo");
  CHECK(StemOf("a/b.c/photo.v2.jpg") == "photo.v2");
  CHECK(StemOf("photo") == "photo");
  CHECK(StemOf("a.b/photo") == "photo");
  CHECK(StemOf("a/sub-01_T1w.nii.gz") == "sub-01_T1w");
  CHECK(StemOf("scan.gz") == "scan");
  CHECK(StemOf(".nii.gz") == ".nii");
  CHECK(StemOf(".hidden") == ".hidden");
  CHECK(StemOf(".hidden.png") == ".hidden");
  CHECK(StemOf("with space.png") == "with space");
  CHECK(StemOf("null:8x8x3:u8") == "null:8x8x3:u8");
  CHECK(StemOf("NETCDF:\"a/scene.v2.nc\":green") == "scene.v2_green");
  CHECK(StemOf("HDF5:a.h5://grid/red") == "a___grid_red");
  CHECK(StemOf("at 12:30.jpg") == "at 12:30");
}

TEST_CASE("tiles: a folder is one of them if it holds maps of tiles alone") {
  const ScratchFolder scratch;
  boost::filesystem::create_directory(scratch.path() / "scene_tiles");
  const auto is_of_tiles = [&] { return IsOfTiles(scratch.path() / TileFolderName("scene")); };
  CHECK(is_of_tiles());
  for (const char* const ending :
       {"_labels.tif", "_labels.tif.aux.xml", "_labels.qml", "_probs.tif"})
    scratch.Write("scene_tiles/" + TileStem("scene", 2, 117) + ending, "x");
  CHECK(is_of_tiles());
  for (const char* const other : {"scene_roads.tif", "scene_r02_c03_notes.txt",
                                  "scene_r2_c3_labels.tif", "r02_c03_labels.tif"}) {
    scratch.Write(std::string("scene_tiles/") + other, "x");
    CHECK(!is_of_tiles());
    boost::filesystem::remove(scratch.path() / "scene_tiles" / other);
  }
  CHECK(is_of_tiles());
}

TEST_CASE("names of all outputs are those that users are promised") {
  CHECK(OutputNames("photo", AllOutputs(), 2, ReportKind::kPart, OutputKind::kPicture) ==
        std::vector<std::string>{
            "photo_labels.png",  "photo_overlay.png",     "photo_heat_1.png",
            "photo_heat_2.png",  "photo_uncertainty.png", "photo.gmm.json",
            "photo_probs.tif",   "photo_mask_1.png",      "photo_mask_2.png",
            "photo_density.tif", "photo_anomalies.png",   "photo_outliers.tif",
            "photo_imputed.tif", "photo_instability.png", "photo_convergence.svg",
            "photo_report.js",   "photo_report.jpg",      "photo_hierarchy.tif",
            "photo_regions.csv", "photo_regions.json",    "photo_regions.geojson",
            "photo_bias.tif",    "photo_restored.tif"});
  CHECK(OutputNames("photo", {Output::kReport}, 2, ReportKind::kPage, OutputKind::kPicture) ==
        std::vector<std::string>{"report.html"});
  const OutputSet of_maps = {Output::kLabels, Output::kUncertainty, Output::kProbabilities,
                             Output::kOverlay};
  CHECK(OutputNames("scene", of_maps, 2, ReportKind::kPart, OutputKind::kMap) ==
        std::vector<std::string>{"scene_labels.tif", "scene_labels.tif.aux.xml", "scene_labels.qml",
                                 "scene_overlay.png", "scene_uncertainty.tif", "scene_probs.tif"});
  OutputOptions uncertainty;
  uncertainty.outputs = {Output::kUncertainty};
  CHECK(PossibleOutputNames("scene", uncertainty, {2}, ReportKind::kPart) ==
        std::vector<std::string>{"scene_uncertainty.png", "scene_uncertainty.tif",
                                 "scene_uncertainty.vrt", "scene_uncertainty.nii.gz"});
  CHECK(OutputNames("scene", of_maps, 2, ReportKind::kPart, OutputKind::kMosaic) ==
        std::vector<std::string>{"scene_labels.vrt", "scene_labels.qml", "scene_uncertainty.vrt",
                                 "scene_probs.vrt"});
  CHECK(OutputNames("scan", AllOutputs(), 2, ReportKind::kPage, OutputKind::kVolume) ==
        std::vector<std::string>{
            "scan_labels.nii.gz",   "scan_labels.label.txt",   "scan_labels.ctbl",
            "scan_overlay.png",     "scan_uncertainty.nii.gz", "scan.gmm.json",
            "scan_probs.nii.gz",    "scan_mask_1.nii.gz",      "scan_mask_2.nii.gz",
            "scan_density.nii.gz",  "scan_anomalies.nii.gz",   "scan_outliers.nii.gz",
            "scan_imputed.nii.gz",  "scan_instability.nii.gz", "scan_convergence.svg",
            "report.html",          "scan_hierarchy.tif",      "scan_regions.csv",
            "scan_regions.json",    "scan_regions.geojson",    "scan_bias.nii.gz",
            "scan_restored.nii.gz", "scan_volumes.csv"});
  for (const char* name : {"scene_labels.tif", "scene_labels.tif.aux.xml", "scene_labels.qml",
                           "scene_uncertainty.tif", "scene_anomalies.qml"})
    CHECK(IsOutputOf("scene", name));
  CHECK(!IsOutputOf("scene", "scene_uncertainty.qml"));
  CHECK(SliceOverlayName("scan", 7) == "scan_overlay_z007.png");
  CHECK(SliceOverlayName("scan", 1234) == "scan_overlay_z1234.png");
  for (const char* name : {"scan_overlay_z007.png", "scan_overlay_z1234.png", "scan_overlay.png"})
    CHECK(IsOutputOf("scan", name));
  for (const char* name : {"scan_overlay_z07.png", "scan_overlay_z000.png",
                           "scan_overlay_z0007.png", "scan_overlay_7.png"})
    CHECK(!IsOutputOf("scan", name));
  OutputOptions overlay;
  overlay.outputs = {Output::kOverlay};
  overlay.slices = {7};
  CHECK(PossibleOutputNames("scan", overlay, {2}, ReportKind::kPart) ==
        std::vector<std::string>{"scan_overlay_z007.png", "scan_overlay.png"});
}

TEST_CASE("output words: every one is read back, an unknown one lists them all") {
  for (const Output output : AllOutputs()) CHECK(ParseOutput(ToString(output)) == output);
  CHECK_THROWS_WITH_AS(ParseOutput("label"), doctest::Contains("labels, overlay, heatmaps"),
                       ParameterError);
}

TEST_CASE("stale are the files of the same stem that this run does not write, and no others") {
  const ScratchFolder folder;
  for (const char* name :
       {"photo_heat_4.png", "photo_heat_5.png", "photo_probs.tif", "photo.gmm.json",
        // Not ours: another stem, a user's own file, odd numbers.
        "photo2_heat_5.png", "photo_heat_x.png", "photo_heat_05.png", "photo_heat_.png",
        "photo.jpg", "my_photo_labels.png", "photo_labels.png.bak"})
    folder.Write(name, "");
  CHECK(StaleNames(folder.path(), "photo", AllOutputs(), Naming::kPlain, {"photo_heat_4.png"}) ==
        std::vector<std::string>{"photo.gmm.json", "photo_heat_5.png", "photo_probs.tif"});
  CHECK(StaleNames(folder.path(), "photo", {Output::kHeatmaps}, Naming::kPlain,
                   {"photo_heat_4.png"}) == std::vector<std::string>{"photo_heat_5.png"});
}

TEST_CASE("BIDS: the last word goes, entities stay, and other names stay whole") {
  CHECK(BidsPrefix("sub-01_T1w") == "sub-01");
  CHECK(BidsPrefix("sub-01_ses-2_run-1_T1w") == "sub-01_ses-2_run-1");
  CHECK(BidsPrefix("sub-01_ses-2") == "sub-01_ses-2");
  CHECK(BidsPrefix("head_scan") == "head_scan");
  CHECK(BidsPrefix("sub-01_T1w.nii") == "sub-01_T1w.nii");
  CHECK(BidsPrefix("") == "");
}

TEST_CASE("BIDS: classes are called by letters and digits, or all by their numbers") {
  const auto labels = [](const std::vector<std::string>& names) {
    ClassTable classes;
    for (const std::string& name : names) {
      ClassEntry& entry = classes.emplace_back();
      entry.index = static_cast<int>(classes.size());
      entry.name = name;
    }
    return BidsLabels(classes);
  };
  using Labels = std::vector<std::string>;
  CHECK(labels({"CSF", "Grey matter", "white matter"}) == Labels{"CSF", "GM", "WM"});
  CHECK(labels({"class 1", "fat & skin"}) == Labels{"class1", "fatskin"});
  CHECK(labels({"fat-1", "fat 1"}) == Labels{"1", "2"});
  CHECK(labels({"bone", "骨"}) == Labels{"1", "2"});
  CHECK(BidsNumberOf("GM") == 1);
  CHECK(BidsNumberOf("WM") == 2);
  CHECK(BidsNumberOf("CSF") == 3);
  CHECK(BidsNumberOf("class1") == 0);
}

TEST_CASE("BIDS: names of volumes, those that are possible and those that are stale") {
  const OutputSet outputs = {Output::kLabels, Output::kModel, Output::kProbabilities};
  CHECK(OutputNames("sub-1_T1w", outputs, 2, ReportKind::kPart, OutputKind::kBidsVolume) ==
        std::vector<std::string>{"sub-1_dseg.nii.gz", "sub-1_dseg.json", "sub-1_dseg.tsv",
                                 "sub-1_T1w.gmm.json", "sub-1_probseg.json",
                                 "sub-1_label-1_probseg.nii.gz", "sub-1_label-2_probseg.nii.gz"});
  OutputOptions output;
  output.outputs = {Output::kProbabilities};
  output.naming = Naming::kBids;
  const std::vector<std::string> possible =
      PossibleOutputNames("sub-1_T1w", output, {2, {{1, {"CSF", {}}}}}, ReportKind::kPart);
  for (const char* name : {"sub-1_label-CSF_probseg.nii.gz", "sub-1_label-2_probseg.nii.gz",
                           "sub-1_label-class2_probseg.nii.gz"})
    CHECK(std::ranges::find(possible, name) != possible.end());
  CHECK(IsOutputOf("sub-1_T1w", "sub-1_label-GM_probseg.nii.gz"));
  CHECK(!IsOutputOf("sub-1_T1w", "sub-1_space-MNI_label-GM_probseg.nii.gz"));
  const ScratchFolder folder;
  for (const char* name : {"sub-1_label-GM_probseg.nii.gz", "sub-1_dseg.nii.gz", "sub-1_dseg.tsv"})
    folder.Write(name, "");
  folder.Write("sub-1_dseg.json", kBidsFactsStart);
  folder.Write("sub-1_probseg.json", "{\n  \"Description\": \"of another program\"");
  CHECK(StaleNames(folder.path(), "sub-1_T1w", AllOutputs(), Naming::kPlain, {}).empty());
  CHECK(StaleNames(folder.path(), "sub-1_T1w", AllOutputs(), Naming::kBids, {}) ==
        std::vector<std::string>{"sub-1_dseg.json", "sub-1_dseg.nii.gz", "sub-1_dseg.tsv"});
}
