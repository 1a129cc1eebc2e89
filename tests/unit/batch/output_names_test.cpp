#include "batch/output_names.h"

#include <doctest/doctest.h>
#include <gmmseg/errors.h>

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

TEST_CASE("names of all outputs are those that users are promised") {
  CHECK(OutputNames("photo", AllOutputs(), 2, ReportKind::kPart, OutputKind::kPicture) ==
        std::vector<std::string>{
            "photo_labels.png",  "photo_overlay.png",     "photo_heat_1.png",
            "photo_heat_2.png",  "photo_uncertainty.png", "photo.gmm.json",
            "photo_probs.tif",   "photo_mask_1.png",      "photo_mask_2.png",
            "photo_density.tif", "photo_anomalies.png",   "photo_outliers.tif",
            "photo_imputed.tif", "photo_instability.png", "photo_convergence.svg",
            "photo_report.js",   "photo_report.jpg",      "photo_hierarchy.tif",
            "photo_regions.csv", "photo_regions.json",    "photo_regions.geojson"});
  CHECK(OutputNames("photo", {Output::kReport}, 2, ReportKind::kPage, OutputKind::kPicture) ==
        std::vector<std::string>{"report.html"});
  const OutputSet of_maps = {Output::kLabels, Output::kUncertainty, Output::kProbabilities,
                             Output::kOverlay};
  CHECK(OutputNames("scene", of_maps, 2, ReportKind::kPart, OutputKind::kMap) ==
        std::vector<std::string>{"scene_labels.tif", "scene_labels.tif.aux.xml", "scene_labels.qml",
                                 "scene_overlay.png", "scene_uncertainty.tif", "scene_probs.tif"});
  CHECK(PossibleOutputNames("scene", {Output::kUncertainty}, 2, ReportKind::kPart) ==
        std::vector<std::string>{"scene_uncertainty.png", "scene_uncertainty.tif",
                                 "scene_uncertainty.nii.gz"});
  CHECK(OutputNames("scan", AllOutputs(), 2, ReportKind::kPage, OutputKind::kVolume) ==
        std::vector<std::string>{
            "scan_labels.nii.gz", "scan_overlay.png", "scan_uncertainty.nii.gz", "scan.gmm.json",
            "scan_probs.nii.gz", "scan_mask_1.nii.gz", "scan_mask_2.nii.gz", "scan_density.nii.gz",
            "scan_anomalies.nii.gz", "scan_outliers.nii.gz", "scan_imputed.nii.gz",
            "scan_instability.nii.gz", "scan_convergence.svg", "report.html", "scan_hierarchy.tif",
            "scan_regions.csv", "scan_regions.json", "scan_regions.geojson"});
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
  CHECK(PossibleOutputNames("scan", {Output::kOverlay}, 2, ReportKind::kPart, {7}) ==
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
  CHECK(StaleNames(folder.path(), "photo", AllOutputs(), {"photo_heat_4.png"}) ==
        std::vector<std::string>{"photo.gmm.json", "photo_heat_5.png", "photo_probs.tif"});
  CHECK(StaleNames(folder.path(), "photo", {Output::kHeatmaps}, {"photo_heat_4.png"}) ==
        std::vector<std::string>{"photo_heat_5.png"});
}
