// Folder job: many images to all of their outputs, in a pipeline that holds a few of them at a
// time. What becomes of each is written into a manifest as it ends, so that a run that was cut off
// can go on.
#pragma once

#include <gmmseg/drift.h>
#include <gmmseg/inputs.h>
#include <gmmseg/job.h>
#include <gmmseg/ranks.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace gmmseg {

// Where the classes of each image come from.
enum class ModelSource {
  kShared,    // one model fitted to all images together
  kGiven,     // FolderOptions::model
  kMatched,   // every image by itself, and its classes numbered as those of FolderOptions::model
              // that they resemble most, or of the shared model if that is absent
  kSeparate,  // every image by itself: class 1 here has nothing to do with class 1 there
};

// Whether every image has a fit of its own.
inline bool FitsEachImage(ModelSource source) {
  return source == ModelSource::kMatched || source == ModelSource::kSeparate;
}

// What to do about an earlier run's outputs.
enum class EarlierRun {
  kRefuse,     // ParameterError before any work
  kOverwrite,  // start over
  kResume,     // keep what is done with the same input and the same settings, and the shared model
  kRefit,      // the same, but fit the shared model anew
};

enum class OnFailure { kGoOn, kStop };

struct FolderOptions {
  SegmentOptions segment;
  ModelSource source = ModelSource::kShared;
  std::optional<Model> model;  // of kGiven and kMatched
  // Cuts every image into regions in place of all that; of kSeparate alone, and without a report.
  std::optional<RegionOptions> regions;
  OutputOptions output;  // `existing` and `stem` are the folder job's own
  EarlierRun earlier = EarlierRun::kRefuse;
  OnFailure on_failure = OnFailure::kGoOn;
  // Steps of EM on all pixels, >= 0, after a shared model's fit to a sample of them.
  int full_passes = 3;
  std::int64_t memory = 0;  // bytes for images and the shared model's colours; 0: not asked for
  // Bytes for images where memory is not asked for; 0: half of what this process may use. Of ranks
  // the same for all.
  std::int64_t usual_memory = 0;
  // Processes that all run this job, and see the same files: they share the readings for a shared
  // model, and take one image after another. The outputs are those of one process.
  Ranks* ranks = nullptr;
};

enum class ImageStatus {
  kWriting,  // its files were about to appear; a run that goes on does it again
  kDone,
  kFailed,
};

// One line of the manifest.
struct ImageRecord {
  std::string input;  // InputFile::name
  std::string hash;   // of the file's bytes; of kDone alone
  std::string settings;
  ImageStatus status = ImageStatus::kFailed;
  std::vector<std::string> outputs;  // below the output folder
  double seconds = 0;
  std::string message;  // why it failed
  // Of kDone alone:
  std::vector<std::uint64_t> output_bytes;  // sizes of the outputs
  double log_likelihood = 0;                // per pixel with data, natural logarithm
  std::vector<double> shares;               // of the pixels with data, by class
  std::optional<std::int64_t> num_regions;  // of an image that was cut into regions
  // Of a fit of its own; all_components also where as many regions came back as were asked for.
  bool converged = true, all_components = true;
  std::optional<Drift> drift;  // from the model's training; absent for a model of its own
  std::optional<double> match_confidence;  // of kMatched: see MatchedSegmentation
  std::vector<std::string> warnings;       // JobResult::warnings
};

// One image at its end.
struct ImageReport {
  const InputFile& file;
  const ImageRecord& record;
  const JobResult* result;  // null where it failed, was kept, or another rank did it
  bool kept;                // done by an earlier run
  ModelSource source;
};

enum class FolderStage {
  kGathering,  // reading images for the shared model
  kFitting,
  kRefining,  // reading them again: a model that was fitted to a sample sees all pixels
  kLabelling
};
struct FolderProgress {
  FolderStage stage = FolderStage::kGathering;
  std::int64_t images_done = 0, num_images = 0;
  int iteration = 0;          // of kFitting
  double log_likelihood = 0;  // per pixel, after it
};

// From threads of the pipeline, one call at a time; images in the order of the list. Of ranks,
// rank 0's.
struct FolderObserver {
  std::function<void(const FolderProgress&)> progress;
  // Of ranks without a result.
  std::function<void(const ImageReport&)> image;
  // Of ranks in place of `image`: what is to be said of an image, by the rank that did it, and who
  // says it.
  std::function<std::string(const ImageReport&)> words;
  std::function<void(const std::string&)> say;
};

struct FolderResult {
  std::int64_t num_images = 0, num_done = 0, num_kept = 0, num_failed = 0, num_drifted = 0;
  std::optional<Model> model;  // that all images share
  bool model_kept = false;     // of an earlier run
  bool exact_model = true;     // fitted to every pixel's colour, not to a sample
  bool mixed_model = false;    // fitted to integers and to floats, whose white is taken to be 1
  std::int64_t num_unconverged = 0, num_with_dropped = 0;  // fits
  std::vector<std::string> warnings;                       // of the shared model: a sentence each
  std::string report_failure;  // why report.html could not be written; empty where it was
  int images_at_a_time = 1;
  double fit_seconds = 0, total_seconds = 0;
};

// Each image's failure is a record, not an exception. Throws ParameterError for options out of
// range, a missing parent of the output folder, outputs of an earlier run, and a folder that
// another run is writing into; IoError(kWrite) where the manifest or the shared model cannot be
// written.
FolderResult RunFolderJob(const InputList& inputs, const FolderOptions& options,
                          const FolderObserver& observer = {});

// What RunFolderJob would do.
struct FolderPlan {
  std::int64_t num_images = 0;
  std::vector<std::int64_t> to_do;  // places in the list; the others are kept from an earlier run
  std::int64_t num_unreadable = 0;  // of those to do, by their headers
  std::int64_t num_files = 0;       // to write, the manifest and the shared model included
  int images_at_a_time = 1;
  std::int64_t bytes = 0;                       // of memory that these take, estimated
  bool fits_model = false, exact_model = true;  // a shared model, from all pixels
};
// Throws as RunFolderJob does before any work. Reads the images' headers, and
// of those that an earlier run did, all bytes; changes nothing.
FolderPlan PlanFolderJob(const InputList& inputs, const FolderOptions& options);

}  // namespace gmmseg
