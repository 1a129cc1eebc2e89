// What the files of one input are called.
#pragma once

#include <gmmseg/job.h>

#include <boost/filesystem/path.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace gmmseg {

// The file's name without its folder; of a folder of slices its own, however it is given: "ct" for
// "scans/ct/" and for "." in it.
std::string NameOf(const std::string& input);

// The file name without folder and without its last extension: "a/photo.v2.jpg" gives "photo.v2",
// "scan.nii.gz" gives "scan", ".hidden" stays ".hidden"; of a part of a file by GDAL's name,
// NETCDF:"a/scene.nc":green, "scene_green". Of a folder its name.
std::string StemOf(const std::string& input);

// What the outputs of an image are. Of one that lies on the earth those that others compute with
// are maps, which lie there, too: labels and anomalies with a file of statistics and a style for
// QGIS beside them. Those of a volume are volumes: labels with their names and colours for two
// viewers beside them, or, where BIDS names them, labels, masks and probabilities with what it
// wants beside these. Mosaics are maps over those of tiles, which stand in a folder of their own.
enum class OutputKind { kPicture, kMap, kMosaic, kVolume, kBidsVolume };

// For kHeatmaps and kMasks, `k` is the class (1…K); otherwise it is not looked at. Not for kReport.
std::string OutputName(const std::string& stem, Output output, OutputKind kind, int k = 0);
// Of kMasks and kProbabilities, by a label of BidsLabels.
std::string BidsClassName(const std::string& stem, Output output, const std::string& label);
// Of the overlay of a volume's slice, from 1: "scan_overlay_z007.png".
std::string SliceOverlayName(const std::string& stem, std::int64_t slice);
// Where the tiles of mosaics stand, and what a tile's outputs are called after, by its row and
// column: "scene_tiles", "scene_r02_c00".
std::string TileFolderName(const std::string& stem);
// Whether it is such a folder, with tiles of that stem and nothing else.
bool IsOfTiles(const boost::filesystem::path& folder);
std::string TileStem(const std::string& stem, std::int64_t row, std::int64_t column);
// Of the labels and anomalies of maps.
std::string StyleName(const std::string& stem, Output output);
// Beside the labels of volumes.
struct LabelTableNames {
  std::string itk_snap, slicer;
};
LabelTableNames LabelTableNamesOf(const std::string& stem);
// Beside volumes that BIDS names: of each of its kinds facts, of labels a table, too.
std::string BidsFactsName(const std::string& stem, Output output);
std::string BidsTableName(const std::string& stem);

// What BIDS wants of a folder.
inline constexpr char kDatasetName[] = "dataset_description.json";

// A page, about one image or many.
inline constexpr char kReportName[] = "report.html";

// An image's part of a page over many.
struct ReportPartNames {
  std::string view, photo;
};
ReportPartNames ReportPartNamesOf(const std::string& stem);

// Of kRegionTable, which is two files.
struct RegionTableNames {
  std::string csv, json;
};
RegionTableNames RegionTableNamesOf(const std::string& stem);

enum class ReportKind { kPage, kPart };

// Of these, what is a picture of one plane and nothing of a volume.
OutputSet LeftOutOfVolumes(const OutputSet& outputs);

// Classes as far as they are known before the work.
struct KnownClasses {
  int count = 0;
  ClassNames names = {};  // that decide what BIDS calls their files
};

KnownClasses KnownClassesOf(const Model& model);

// Every name that a job of so many classes writes.
std::vector<std::string> OutputNames(const std::string& stem, const OutputSet& outputs,
                                     int num_classes, ReportKind report, OutputKind kind);
// Before it is known what the image is, and how many classes come back: every name that it may
// write, those of OutputOptions::slices among them.
std::vector<std::string> PossibleOutputNames(const std::string& stem, const OutputOptions& output,
                                             const KnownClasses& classes, ReportKind report);

// Whether a job of any K and any outputs but a page would have called a file so.
bool IsOutputOf(const std::string& stem, const std::string& name);
// Whether one named by BIDS would have, as another of the same subject may.
bool IsBidsOutputOf(const std::string& stem, const std::string& name);

// Files in `directory` that a job of any K and any outputs would have called like that, and that
// are not among `written`. Sorted; models only if kModel is in `kinds`, and so on; parts of a
// report, tables and polygons only where the file (of a report, the view) begins as ours do, for
// people call photographs "…_report.jpg", and correct outlines by hand. Names of BIDS, which all
// programs share, only with kBids, and where the facts beside them begin as ours do; files of
// single classes stay, for anybody may have given their labels.
std::vector<std::string> StaleNames(const boost::filesystem::path& directory,
                                    const std::string& stem, const OutputSet& kinds, Naming naming,
                                    const std::vector<std::string>& written);

}  // namespace gmmseg
