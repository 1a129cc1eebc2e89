// Job: one input image to all of its output files. Everything is written into a hidden folder
// beside the outputs and renamed at the end, so that a job leaves all of its files or none.
#pragma once

#include <gmmseg/anomalies.h>
#include <gmmseg/class_volumes.h>
#include <gmmseg/drift.h>
#include <gmmseg/image_io.h>
#include <gmmseg/instability.h>
#include <gmmseg/regions.h>
#include <gmmseg/render.h>
#include <gmmseg/segment.h>

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gmmseg {

// What can be written for photo.jpg. Of an image that lies on the earth (see Georeference) labels,
// uncertainty and anomalies are maps, "….tif" in place of "….png"; those of classes have a table of
// them in "….tif.aux.xml" and a style for QGIS in "….qml" beside them; probabilities and planes of
// floats lie there, too. Of a volume all of these are volumes, "….nii.gz", that lie where it does,
// and so are masks (0 and 1) and instability; the labels have their names and colours for ITK-SNAP
// in "….label.txt" and for 3D Slicer in "….ctbl" beside them; the overlay is of
// OutputOptions::slices; heatmaps are left out, and JobResult's warnings say so. Of a job that cuts
// the image into regions, classes are regions.
enum class Output {
  kLabels,         // photo_labels.png: indexed, the index is the label; 16-bit grey when M > 255
  kOverlay,        // photo_overlay.png
  kHeatmaps,       // photo_heat_1.png … photo_heat_M.png of M classes: posterior probabilities
  kUncertainty,    // photo_uncertainty.png: normalised entropy
  kModel,          // photo.gmm.json
  kProbabilities,  // photo_probs.tif: M bands
  kMasks,          // photo_mask_1.png … photo_mask_M.png: 0 and 255
  kDensity,        // photo_density.tif: log-density, natural logarithm, the user's units
  kAnomalies,      // photo_anomalies.png: indexed, the index is the AnomalyMark
  kOutliers,       // photo_outliers.tif: Anomalies::sample_tails
  kImputed,        // photo_imputed.tif: the bands, with what was missing filled in
  kInstability,    // photo_instability.png: Instability::of_samples
  kConvergence,    // photo_convergence.svg: the fit, iteration by iteration
  kReport,         // report.html: a page to look at; see OutputOptions::report_part
  kHierarchy,      // photo_hierarchy.tif: the ultrametric contour map of the regions
  kRegionTable,    // photo_regions.csv and photo_regions.json: see region_io.h
  kPolygons,       // photo_regions.geojson: likewise
  kBias,           // photo_bias.tif: of tissues, the field that multiplies them
  kRestored,       // photo_restored.tif: of tissues, the intensities without the field
  kVolumes,        // scan_volumes.csv: ClassVolume, of images whose voxels have a size
};
using OutputSet = std::set<Output>;

// "labels", "overlay", "heatmaps", "uncertainty", "model", "probabilities", "masks", "density",
// "anomalies", "outliers", "imputed", "instability", "convergence", "report", "hierarchy",
// "region-table", "polygons", "bias", "restored", "volumes". ParseOutput throws ParameterError,
// listing the words, for any other.
std::string_view ToString(Output output);
Output ParseOutput(std::string_view word);
// The first five: what a segmentation writes unless told otherwise. Applying a model writes the
// same without the model.
OutputSet DefaultOutputs();
OutputSet AllOutputs();
// Density, anomalies and outliers, which a tempered model cannot give.
OutputSet DensityOutputs();
// Instability and convergence, which tell of a fit: a model that is applied cannot give them.
OutputSet FitOutputs();
// Bias and restored, which are of tissues alone.
OutputSet TissueOutputs();
// Hierarchy, region-table and polygons, which are of regions alone.
OutputSet RegionOnlyOutputs();
// What a job that cuts into regions can write: these, labels, overlay, heatmaps and masks.
OutputSet RegionOutputs();
// Labels, overlay and the table: what it writes unless told otherwise.
OutputSet DefaultRegionOutputs();

enum class ExistingOutputs {
  kRefuse,     // ParameterError before any work
  kReplace,    // replaced
  kOverwrite,  // replaced; files of the same stem that an earlier run left and that this one makes
               // stale are removed, for which the folder is searched
};

// What a map that is written part by part is.
enum class MapFiles {
  kOne,    // one file
  kTiles,  // photo_labels.vrt, a virtual raster over files of some 2048 x 2048 pixels, which stand
           // in photo_tiles: as many ranks write at a time as there are
};
// "one", "tiles". ParseMapFiles throws ParameterError for any other word.
MapFiles ParseMapFiles(std::string_view word);

// What the files of a volume are called.
enum class Naming {
  kPlain,  // see Output
  // As BIDS names derivatives: of sub-01_T1w.nii.gz labels are sub-01_dseg.nii.gz with
  // sub-01_dseg.tsv, in place of the files for viewers; probabilities a volume for each class,
  // sub-01_label-GM_probseg.nii.gz, and masks sub-01_label-GM_mask.nii.gz; each of the three has a
  // ….json, and the folder a dataset_description.json unless one is there. "GM" is what the class's
  // name has of letters and digits, or its number where a class would have none or two the same.
  // What BIDS has no name for has its plain one.
  kBids,
};

struct OutputOptions {
  std::string directory = "segmented";  // created if missing; its parent must exist
  std::string stem;  // what the outputs' names start with; empty: the input's name
  OutputSet outputs = DefaultOutputs();
  // Of these, what is left out without a word where the image has none of it: kVolumes alone.
  OutputSet if_possible;
  Naming naming = Naming::kPlain;
  ProbabilityDepth depth = ProbabilityDepth::kFloat32;
  MapLayout map_layout = MapLayout::kTiled;  // of maps: see Output
  MapFiles map_files = MapFiles::kOne;       // of a scene job
  double anomaly_rate = kAnomalyRate;        // of anomalies and outliers; see AnomalyMark
  // Which values overlay, report and convergence show; absent: see DisplayImage.
  std::optional<DisplayWindow> display_window;
  // Of a volume of several slices, those across the patient's axis (nearest to it, of the voxels')
  // whose overlays are written, by number from 1 in the file's order: photo_overlay_z007.png …
  // Empty: the middle one of those with labels, as photo_overlay.png.
  std::vector<std::int64_t> slices;
  ExistingOutputs existing = ExistingOutputs::kRefuse;
  // Absent: a report is a page about this image alone. Otherwise the job writes photo_report.js and
  // photo_report.jpg for a page over many images, which stands in the folder that this leads from
  // to `directory`.
  std::optional<std::string> report_part;
  std::vector<std::string> keep;  // files that are never stale: those the job was started from
  // Called with the outputs' names when all of them are written and none has appeared; may throw.
  std::function<void(const std::vector<std::string>& names)> before_commit;
};

// kSmoothing: of a raster that is read part by part, beside its labels.
enum class JobStage { kReading, kFitting, kRefining, kLabelling, kSmoothing, kWriting };
struct JobProgress {
  JobStage stage = JobStage::kReading;
  int iteration = 0;          // while fitting: EM steps done; 0 before the first
  double log_likelihood = 0;  // per pixel, after them
  // Of a raster that is read part by part, in this pass over it; 0 of others.
  std::int64_t pixels_done = 0, num_pixels = 0;
};
using JobObserver = std::function<void(const JobProgress&)>;  // called from the calling thread

struct JobSeconds {
  double read = 0, features = 0, fit = 0, labels = 0, write = 0, total = 0;
};

// Of a job that cuts the image into regions.
struct RegionTotals {
  std::int64_t num_regions = 0, num_leaves = 0;
  double level = 0;      // Regions::level
  bool as_asked = true;  // as many as were asked for, if a number was
};

// Of a job whose raster is read part by part.
struct SceneTotals {
  bool exact = false;  // fitted to all pixels' colours; else to a sample and by passes over all
  std::int64_t num_sampled = 0;    // pixels in the sample; 0 where it is exact
  std::int64_t planned_bytes = 0;  // memory that the plan allows for
  std::int64_t peak_bytes = 0;     // that the process has taken, measured
  int num_passes = 0;              // over the raster, that of the labels included
  std::int64_t cells_resumed = 0;  // of 512 x 512 pixels, whose maps an earlier run had made
  // Where single pieces smaller than min_size may have been cut, for they can reach beyond this
  // many pixels around a cell; 0: nowhere.
  std::int64_t cut_margin = 0;
};

// What happened. Facts that vary from run to run (seconds, threads, instruction set) are here and
// in no output file.
struct JobResult {
  std::string input;
  std::string hash;                               // as TrainingInput::hash
  std::int64_t width = 0, height = 0, depth = 1;  // pixels
  int num_bands = 0;
  std::int64_t num_valid = 0;           // pixels with data
  std::optional<RegionTotals> regions;  // then there are no model and no classes
  std::optional<SceneTotals> scene;
  Model model;                                   // as fitted, or as applied
  ClassTable classes;                            // shares of this image
  std::vector<ClassVolume> volumes;              // by class; empty where voxels have no size
  double log_likelihood = 0;                     // per pixel with data, natural logarithm
  Smoothing smoothing;                           // what was done, if anything
  std::optional<TissueFacts> tissues;            // where they were asked for
  std::optional<Drift> drift;                    // of a model that was applied
  std::optional<AnomalyCounts> anomalies;        // where they are written
  std::optional<InstabilityTotals> instability;  // likewise
  std::optional<double> match_confidence;        // of a match
  // See KMeansDifference: of an image with a fit of its own, where a report is asked for.
  std::optional<std::int64_t> kmeans_difference;
  std::vector<std::string> warnings;  // what is doubtful: a sentence each
  OutputSet asked;                    // what was to be written
  std::string directory;
  std::vector<std::string> files;  // written: names within `directory`, sorted
  std::vector<std::string> stale;  // removed: likewise
  JobSeconds seconds;
  int threads = 1;
  std::string instruction_set;

  std::int64_t num_pixels() const { return width * height * depth; }
};

// What a job reads.
struct JobInput {
  // NOLINTNEXTLINE(google-explicit-constructor): most images stand alone
  JobInput(std::string image_path, std::string weight_map_path = "",
           std::string scribbles_path = "")
      : image(std::move(image_path)),
        weight_map(std::move(weight_map_path)),
        scribbles(std::move(scribbles_path)) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  JobInput(const char* image_path) : image(image_path) {}

  std::string image;
  // Of one band and of the image's size: see Raster::SetWeights. Empty: none.
  std::string weight_map;
  // As LoadLabels reads them, of the image's size: see Raster::SetScribbles. Empty: none.
  std::string scribbles;
  // Of one band and of the image's size: what is 0 or no data there is no data. Empty: none.
  std::string mask = {};
  // Three, of CSF, GM and WM, of one band and of the image's size: see TissueOptions::maps. Empty:
  // none.
  std::vector<std::string> tissue_maps = {};
  // What is taken of the image; what goes with it is of the size of that.
  ReadOptions read;
};

// Throw ParameterError for options out of range, outputs that the model cannot give, volumes and
// BIDS names of an image that has none, a missing parent of the output folder and existing outputs;
// IoError(kRead) for the input and IoError(kWrite) for the outputs; Error, with what to do, if
// memory does not suffice. After any exception the folder is as it was before.
JobResult RunSegmentJob(const JobInput& input, const SegmentOptions& options,
                        const OutputOptions& output, const JobObserver& observer = {});
JobResult RunApplyJob(const JobInput& input, const Model& model, const OutputOptions& output,
                      const JobObserver& observer = {}, const SmoothOptions& smooth = {});
// SegmentMatched in place of Segment.
JobResult RunMatchJob(const JobInput& input, const SegmentOptions& options, const Model& reference,
                      const OutputOptions& output, const JobObserver& observer = {});

// SegmentRegions, and what it finds as files. Of JobInput, the image alone: ParameterError for a
// weight map and scribbles, and for outputs other than RegionOutputs(). Labels are 16 bits: Error
// where labels, masks or the overlay of more than 65535 regions are asked for.
JobResult RunRegionJob(const JobInput& input, const RegionOptions& options,
                       const OutputOptions& output, const JobObserver& observer = {});

// For a thread that waits for signals: removes whatever unfinished jobs have written, and holds
// every job for good; the caller ends the process.
void AbandonJobs() noexcept;

}  // namespace gmmseg
