#include "batch/output_names.h"

#include <gmmseg/errors.h>

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/filesystem/directory.hpp>
#include <boost/filesystem/operations.hpp>
#include <cctype>
#include <cstddef>
#include <optional>

#include "base/text.h"
#include "base/words.h"
#include "batch/bids_files.h"
#include "batch/bids_names.h"
#include "batch/write_maps.h"
#include "io/file_bytes.h"
#include "io/label_tables.h"
#include "io/regions_format.h"
#include "render/report.h"

namespace gmmseg {
namespace fs = boost::filesystem;
namespace {

constexpr Word<Output> kWords[] = {
    {Output::kLabels, "labels"},
    {Output::kOverlay, "overlay"},
    {Output::kHeatmaps, "heatmaps"},
    {Output::kUncertainty, "uncertainty"},
    {Output::kModel, "model"},
    {Output::kProbabilities, "probabilities"},
    {Output::kMasks, "masks"},
    {Output::kDensity, "density"},
    {Output::kAnomalies, "anomalies"},
    {Output::kOutliers, "outliers"},
    {Output::kImputed, "imputed"},
    {Output::kInstability, "instability"},
    {Output::kConvergence, "convergence"},
    {Output::kReport, "report"},
    {Output::kHierarchy, "hierarchy"},
    {Output::kRegionTable, "region-table"},
    {Output::kPolygons, "polygons"},
    {Output::kBias, "bias"},
    {Output::kRestored, "restored"},
    {Output::kVolumes, "volumes"},
};

constexpr Word<MapFiles> kMapFilesWords[] = {{MapFiles::kOne, "one"}, {MapFiles::kTiles, "tiles"}};

// A file's name is stem + before [+ class] + after.
struct NamePattern {
  std::string_view before, after;
};

constexpr NamePattern kReportView{"_report", ".js"}, kReportPhoto{"_report", ".jpg"};
constexpr std::string_view kMapEnding = ".tif", kMosaicEnding = ".vrt",
                           kStatisticsEnding = ".tif.aux.xml", kStyleEnding = ".qml",
                           kVolumeEnding = ".nii.gz", kItkSnapEnding = ".label.txt",
                           kSlicerEnding = ".ctbl", kFactsEnding = ".json", kTableEnding = ".tsv";
constexpr std::string_view kGzipEnding = ".gz";
constexpr NamePattern kTableCsv{"_regions", ".csv"}, kTableJson{"_regions", ".json"};

constexpr std::string_view kTiles = "_tiles";

constexpr NamePattern kSliceOverlay{"_overlay_z", ".png"};
constexpr int kSliceDigits = 3;  // at least, so that names sort as slices do

// What is of one plane and stays so: a volume has none of it.
bool IsPictureAlone(Output output) { return output == Output::kHeatmaps; }

// What has a value for every voxel of a volume.
bool IsVoxelByVoxel(Output output) {
  switch (output) {
    case Output::kLabels:
    case Output::kUncertainty:
    case Output::kProbabilities:
    case Output::kMasks:
    case Output::kDensity:
    case Output::kAnomalies:
    case Output::kOutliers:
    case Output::kImputed:
    case Output::kInstability:
    case Output::kBias:
    case Output::kRestored:
      return true;
    default:
      return false;
  }
}

// Of a report, the names of an image's part.
std::vector<NamePattern> PicturePatternsOf(Output output) {
  switch (output) {
    case Output::kLabels:
      return {{"_labels", ".png"}};
    case Output::kOverlay:
      return {{"_overlay", ".png"}};
    case Output::kHeatmaps:
      return {{"_heat_", ".png"}};
    case Output::kUncertainty:
      return {{"_uncertainty", ".png"}};
    case Output::kModel:
      return {{".gmm", ".json"}};
    case Output::kProbabilities:
      return {{"_probs", ".tif"}};
    case Output::kMasks:
      return {{"_mask_", ".png"}};
    case Output::kDensity:
      return {{"_density", ".tif"}};
    case Output::kAnomalies:
      return {{"_anomalies", ".png"}};
    case Output::kOutliers:
      return {{"_outliers", ".tif"}};
    case Output::kImputed:
      return {{"_imputed", ".tif"}};
    case Output::kInstability:
      return {{"_instability", ".png"}};
    case Output::kConvergence:
      return {{"_convergence", ".svg"}};
    case Output::kReport:
      return {kReportView, kReportPhoto};
    case Output::kHierarchy:
      return {{"_hierarchy", ".tif"}};
    case Output::kRegionTable:
      return {kTableCsv, kTableJson};
    case Output::kPolygons:
      return {{"_regions", ".geojson"}};
    case Output::kBias:
      return {{"_bias", ".tif"}};
    case Output::kRestored:
      return {{"_restored", ".tif"}};
    case Output::kVolumes:
      return {};
  }
  throw InternalError("an output without a file name");
}

std::vector<NamePattern> VolumePatternsOf(Output output) {
  if (output == Output::kVolumes) return {{"_volumes", ".csv"}};
  std::vector<NamePattern> patterns = PicturePatternsOf(output);
  if (IsPictureAlone(output)) return {};
  if (!IsVoxelByVoxel(output)) return patterns;
  const std::string_view before = patterns.front().before;
  if (output == Output::kLabels)
    return {{before, kVolumeEnding}, {before, kItkSnapEnding}, {before, kSlicerEnding}};
  return {{before, kVolumeEnding}};
}

// Behind the image's prefix, or, of one of a class, behind the class's label.
std::string_view BidsSuffix(Output output) {
  switch (output) {
    case Output::kLabels:
      return "_dseg";
    case Output::kProbabilities:
      return "_probseg";
    case Output::kMasks:
      return "_mask";
    default:
      return "";
  }
}

bool IsBids(Output output, OutputKind kind) {
  return kind == OutputKind::kBidsVolume && !BidsSuffix(output).empty();
}

std::vector<NamePattern> BidsPatternsOf(Output output) {
  const std::string_view suffix = BidsSuffix(output);
  if (output == Output::kLabels)
    return {{suffix, kVolumeEnding}, {suffix, kFactsEnding}, {suffix, kTableEnding}};
  return {{suffix, kFactsEnding}};
}

std::vector<NamePattern> MosaicPatternsOf(Output output, std::string_view before) {
  if (!MapOutputKinds().contains(output)) return {};
  if (output == Output::kLabels || output == Output::kAnomalies)
    return {{before, kMosaicEnding}, {before, kStyleEnding}};
  return {{before, kMosaicEnding}};
}

// But for those of a class that BIDS names.
std::vector<NamePattern> PatternsOf(Output output, OutputKind kind) {
  if (IsBids(output, kind)) return BidsPatternsOf(output);
  if (kind == OutputKind::kVolume || kind == OutputKind::kBidsVolume)
    return VolumePatternsOf(output);
  std::vector<NamePattern> patterns = PicturePatternsOf(output);
  if (kind == OutputKind::kPicture || patterns.empty()) return patterns;
  const std::string_view before = patterns.front().before;
  if (kind == OutputKind::kMosaic) return MosaicPatternsOf(output, before);
  if (output == Output::kUncertainty) return {{before, kMapEnding}};
  if (output == Output::kLabels || output == Output::kAnomalies)
    return {{before, kMapEnding}, {before, kStatisticsEnding}, {before, kStyleEnding}};
  return patterns;
}

// Of what GDAL calls a part of a file, DRIVER:"folder/scene.nc":part: "scene_part".
std::optional<std::string> StemOfPart(const std::string& input) {
  const std::size_t colon = input.find(':');
  const auto is_of_driver = [](unsigned char c) {
    return std::isupper(c) || std::isdigit(c) || c == '_';
  };
  if (colon == std::string::npos || colon < 2 ||
      !std::all_of(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(colon), is_of_driver))
    return std::nullopt;
  std::string rest = input.substr(colon + 1);
  std::erase(rest, '"');
  const std::size_t part = rest.rfind(':');
  if (part == std::string::npos) return StemOf(rest);
  std::string name = StemOf(rest.substr(0, part)) + "_" + rest.substr(part + 1);
  std::ranges::replace(name, '/', '_');
  return name;
}

bool IsPerClass(Output output) { return output == Output::kHeatmaps || output == Output::kMasks; }

// A class number as OutputName writes it: no sign, no leading zero.
bool IsClassNumber(std::string_view text) {
  return !text.empty() && text.front() != '0' &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c); });
}

std::string NameBy(const NamePattern& pattern, const std::string& stem,
                   const std::string& number = "") {
  return stem + std::string(pattern.before) + number + std::string(pattern.after);
}

constexpr std::string_view kBidsLabel = "_label-";

std::string BidsClassEnding(Output output) {
  return std::string(BidsSuffix(output)) + std::string(kVolumeEnding);
}

// What stands between `head` and `tail`, if the name begins and ends so.
std::optional<std::string_view> Between(const std::string& head, std::string_view tail,
                                        std::string_view name) {
  if (name.size() < head.size() + tail.size() || !name.starts_with(head) || !name.ends_with(tail))
    return std::nullopt;
  return name.substr(head.size(), name.size() - head.size() - tail.size());
}

bool Fits(const NamePattern& pattern, Output output, const std::string& stem,
          std::string_view name) {
  const auto between = Between(stem + std::string(pattern.before), pattern.after, name);
  return between && (IsPerClass(output) ? IsClassNumber(*between) : between->empty());
}

bool IsSliceOverlay(const std::string& stem, std::string_view name) {
  std::string_view number =
      Between(stem + std::string(kSliceOverlay.before), kSliceOverlay.after, name).value_or("");
  if (std::ssize(number) < kSliceDigits) return false;
  if (std::ssize(number) == kSliceDigits)
    number.remove_prefix(std::min(number.find_first_not_of('0'), number.size()));
  return IsClassNumber(number);
}

constexpr OutputKind kKinds[] = {OutputKind::kPicture, OutputKind::kMap, OutputKind::kMosaic,
                                 OutputKind::kVolume};

// Of those above. A page is of no stem, and not among them.
bool IsPlainNameOf(Output output, const std::string& stem, std::string_view name) {
  if (output == Output::kOverlay && IsSliceOverlay(stem, name)) return true;
  const auto fits = [&](const NamePattern& pattern) { return Fits(pattern, output, stem, name); };
  return std::ranges::any_of(
      kKinds, [&](OutputKind kind) { return std::ranges::any_of(PatternsOf(output, kind), fits); });
}

bool IsBidsNameOf(Output output, const std::string& stem, std::string_view name) {
  if (!IsBids(output, OutputKind::kBidsVolume)) return false;
  const std::string prefix = BidsPrefix(stem);
  const auto label = Between(prefix + std::string(kBidsLabel), BidsClassEnding(output), name);
  if (output != Output::kLabels && label && IsBidsLabel(*label)) return true;
  return std::ranges::any_of(BidsPatternsOf(output), [&](const NamePattern& pattern) {
    return name == NameBy(pattern, prefix);
  });
}

bool Begins(const fs::path& file, std::string_view start) {
  return FileHolds(file.string(), start, static_cast<std::int64_t>(start.size()));
}

// People call files of their own photo_regions.csv, too, and correct outlines by hand.
bool IsOfRegions(Output output) {
  return output == Output::kRegionTable || output == Output::kPolygons;
}

bool BeginsAsOurs(const fs::path& file) {
  return Begins(file, kRegionsCsvStart) || Begins(file, kRegionsJsonStart) ||
         Begins(file, kRegionsGeoJsonStart);
}

// Whether what is called as this output of ours is none of the user's own making.
bool IsSurelyOurs(Output output, const fs::path& file, const std::string& stem) {
  if (output == Output::kReport)
    return Begins(file.parent_path() / ReportPartNamesOf(stem).view, kViewScriptStart);
  if (output == Output::kVolumes) return Begins(file, kVolumesCsvStart);
  return !IsOfRegions(output) || BeginsAsOurs(file);
}

}  // namespace

std::string_view ToString(Output output) { return ToWord(output, kWords); }
Output ParseOutput(std::string_view word) { return FromWord(word, kWords, "output"); }

MapFiles ParseMapFiles(std::string_view word) {
  return FromWord(word, kMapFilesWords, "kind of map files");
}

OutputSet DefaultOutputs() {
  return {Output::kLabels, Output::kOverlay, Output::kHeatmaps, Output::kUncertainty,
          Output::kModel};
}

OutputSet AllOutputs() {
  OutputSet all;
  for (const Word<Output>& word : kWords) all.insert(word.value);
  return all;
}

OutputSet DensityOutputs() { return {Output::kDensity, Output::kAnomalies, Output::kOutliers}; }

OutputSet LeftOutOfVolumes(const OutputSet& outputs) {
  OutputSet left_out;
  for (const Output output : outputs)
    if (IsPictureAlone(output)) left_out.insert(output);
  return left_out;
}

OutputSet TissueOutputs() { return {Output::kBias, Output::kRestored}; }

OutputSet FitOutputs() { return {Output::kInstability, Output::kConvergence}; }

std::string NameOf(const std::string& input) {
  boost::system::error_code ignored;
  if (!fs::is_directory(input, ignored)) return fs::path(input).filename().string();
  fs::path path = fs::absolute(input).lexically_normal();
  if (path.filename_is_dot()) path = path.parent_path();
  return path.filename().string();
}

std::string StemOf(const std::string& input) {
  if (const std::optional<std::string> part = StemOfPart(input)) return *part;
  boost::system::error_code ignored;
  std::string name = NameOf(input);
  if (fs::is_directory(input, ignored)) return name;
  for (const std::string_view packed : {".nii.gz", ".hdr.gz", ".img.gz"})
    if (name.size() > packed.size() && boost::algorithm::iends_with(name, packed))
      name.resize(name.size() - kGzipEnding.size());
  const std::size_t dot = name.rfind('.');
  return dot == std::string::npos || dot == 0 ? name : name.substr(0, dot);
}

std::string OutputName(const std::string& stem, Output output, OutputKind kind, int k) {
  if (IsBids(output, kind)) return NameBy(BidsPatternsOf(output).front(), BidsPrefix(stem));
  return NameBy(PatternsOf(output, kind).front(), stem,
                IsPerClass(output) ? std::to_string(k) : "");
}

std::string BidsClassName(const std::string& stem, Output output, const std::string& label) {
  return BidsPrefix(stem) + std::string(kBidsLabel) + label + BidsClassEnding(output);
}

std::string SliceOverlayName(const std::string& stem, std::int64_t slice) {
  return NameBy(kSliceOverlay, stem, Format("%0*lld", kSliceDigits, static_cast<long long>(slice)));
}

std::string TileFolderName(const std::string& stem) { return stem + std::string(kTiles); }

namespace {

// Takes "_r02" from the text's front, with the letter.
bool TakeNumber(std::string_view letter, std::string_view& text) {
  if (!text.starts_with(letter)) return false;
  text.remove_prefix(letter.size());
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  text.remove_prefix(digits);
  return digits >= 2;
}

// Whether a map of a tile is called so.
bool IsOfTile(std::string_view name, const std::string& stem) {
  if (!name.starts_with(stem)) return false;
  name.remove_prefix(stem.size());
  if (!TakeNumber("_r", name) || !TakeNumber("_c", name)) return false;
  const OutputSet kinds = MapOutputKinds();
  return std::ranges::any_of(kinds, [&](Output output) {
    const std::vector<NamePattern> patterns = PatternsOf(output, OutputKind::kMap);
    return std::ranges::any_of(
        patterns, [&](const NamePattern& pattern) { return Fits(pattern, output, "", name); });
  });
}

}  // namespace

bool IsOfTiles(const fs::path& folder) {
  const std::string name = folder.filename().string();
  if (!name.ends_with(kTiles) || !fs::is_directory(fs::symlink_status(folder))) return false;
  const std::string stem = name.substr(0, name.size() - kTiles.size());
  return std::all_of(fs::directory_iterator(folder), fs::directory_iterator(),
                     [&](const fs::directory_entry& entry) {
                       return fs::is_regular_file(entry.symlink_status()) &&
                              IsOfTile(entry.path().filename().string(), stem);
                     });
}

std::string TileStem(const std::string& stem, std::int64_t row, std::int64_t column) {
  return stem +
         Format("_r%02lld_c%02lld", static_cast<long long>(row), static_cast<long long>(column));
}

std::string StyleName(const std::string& stem, Output output) {
  return NameBy({PicturePatternsOf(output).front().before, kStyleEnding}, stem);
}

LabelTableNames LabelTableNamesOf(const std::string& stem) {
  const std::string_view before = PicturePatternsOf(Output::kLabels).front().before;
  return {NameBy({before, kItkSnapEnding}, stem), NameBy({before, kSlicerEnding}, stem)};
}

std::string BidsFactsName(const std::string& stem, Output output) {
  return NameBy({BidsSuffix(output), kFactsEnding}, BidsPrefix(stem));
}

std::string BidsTableName(const std::string& stem) {
  return NameBy({BidsSuffix(Output::kLabels), kTableEnding}, BidsPrefix(stem));
}

ReportPartNames ReportPartNamesOf(const std::string& stem) {
  return {NameBy(kReportView, stem), NameBy(kReportPhoto, stem)};
}

RegionTableNames RegionTableNamesOf(const std::string& stem) {
  return {NameBy(kTableCsv, stem), NameBy(kTableJson, stem)};
}

KnownClasses KnownClassesOf(const Model& model) {
  KnownClasses classes{static_cast<int>(model.classes.size())};
  for (const ClassEntry& entry : model.classes) classes.names[entry.index] = {entry.name, {}};
  return classes;
}

std::vector<std::string> OutputNames(const std::string& stem, const OutputSet& outputs,
                                     int num_classes, ReportKind report, OutputKind kind) {
  std::vector<std::string> names;
  for (const Output output : outputs) {
    if (output == Output::kReport && report == ReportKind::kPage) {
      names.push_back(kReportName);
      continue;
    }
    const bool is_bids = IsBids(output, kind);
    for (const NamePattern& pattern : PatternsOf(output, kind))
      if (IsPerClass(output) && !is_bids)
        for (int k = 1; k <= num_classes; ++k)
          names.push_back(NameBy(pattern, stem, std::to_string(k)));
      else
        names.push_back(NameBy(pattern, is_bids ? BidsPrefix(stem) : stem));
    if (is_bids && output != Output::kLabels)
      for (int k = 1; k <= num_classes; ++k)
        names.push_back(BidsClassName(stem, output, std::to_string(k)));
  }
  return names;
}

std::vector<std::string> PossibleOutputNames(const std::string& stem, const OutputOptions& output,
                                             const KnownClasses& classes, ReportKind report) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  if (output.outputs.contains(Output::kOverlay))
    for (const std::int64_t slice : output.slices) add(SliceOverlayName(stem, slice));
  if (output.naming == Naming::kPlain) {
    for (const OutputKind kind : kKinds)
      for (const std::string& name : OutputNames(stem, output.outputs, classes.count, report, kind))
        add(name);
    if (output.map_files == MapFiles::kTiles) add(TileFolderName(stem));
    return names;
  }
  for (const std::string& name :
       OutputNames(stem, output.outputs, classes.count, report, OutputKind::kBidsVolume))
    add(name);
  for (const Output kind : {Output::kMasks, Output::kProbabilities})
    for (int k = 1; output.outputs.contains(kind) && k <= classes.count; ++k)
      for (const std::string& label : PossibleBidsLabels(k, classes.names))
        add(BidsClassName(stem, kind, label));
  return names;
}

bool IsOutputOf(const std::string& stem, const std::string& name) {
  return IsBidsOutputOf(stem, name) || std::ranges::any_of(kWords, [&](const Word<Output>& word) {
           return IsPlainNameOf(word.value, stem, name);
         });
}

bool IsBidsOutputOf(const std::string& stem, const std::string& name) {
  return std::ranges::any_of(
      kWords, [&](const Word<Output>& word) { return IsBidsNameOf(word.value, stem, name); });
}

std::vector<std::string> StaleNames(const fs::path& directory, const std::string& stem,
                                    const OutputSet& kinds, Naming naming,
                                    const std::vector<std::string>& written) {
  std::vector<std::string> stale;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (fs::is_directory(entry.symlink_status())) {
      if (kinds.contains(Output::kLabels) && name == TileFolderName(stem) &&
          IsOfTiles(entry.path()) && std::ranges::find(written, name) == written.end())
        stale.push_back(name);
      continue;
    }
    const bool ours = std::any_of(kinds.begin(), kinds.end(), [&](Output output) {
      if (IsPlainNameOf(output, stem, name)) return IsSurelyOurs(output, directory / name, stem);
      // Labels are other programs' and people's, too: a file of one class stays.
      return naming == Naming::kBids && IsBidsNameOf(output, stem, name) &&
             name.find(kBidsLabel) == std::string::npos &&
             Begins(directory / BidsFactsName(stem, output), kBidsFactsStart);
    });
    if (ours && std::find(written.begin(), written.end(), name) == written.end())
      stale.push_back(name);
  }
  std::sort(stale.begin(), stale.end());
  return stale;
}

}  // namespace gmmseg
