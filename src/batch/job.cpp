#include <gmmseg/errors.h>
#include <gmmseg/job.h>
#include <gmmseg/kmeans_difference.h>
#include <gmmseg/posterior.h>
#include <gmmseg/threads.h>

#include <algorithm>
#include <boost/filesystem/operations.hpp>
#include <new>

#include "base/stopwatch.h"
#include "batch/fit_outputs.h"
#include "batch/job_settings.h"
#include "batch/load_input.h"
#include "batch/model_outputs.h"
#include "batch/output_folder.h"
#include "batch/output_names.h"
#include "batch/report_files.h"
#include "batch/staging.h"
#include "batch/warnings.h"
#include "batch/write_outputs.h"

namespace gmmseg {
namespace fs = boost::filesystem;
namespace {

// One run: what is asked, where it goes, and how a raster becomes a segmentation.
struct Job {
  const JobInput& input;
  const OutputOptions& output;
  const JobObserver& observer;
  const FeatureSpec& features;
  int num_classes = 0;  // asked for, or the model's
  OutputSet can_be_stale = AllOutputs();
  const Model* applied = nullptr;            // null where the image gets a model of its own
  const SmoothOptions* smooth = nullptr;     // of a model that is applied
  const SegmentOptions* settings = nullptr;  // of the fit; null where there is none
  const double* match_confidence = nullptr;  // of a match, set by `segment`
  std::function<Segmentation(const LoadedImage&)> segment = {};

  std::string stem() const { return output.stem.empty() ? StemOf(input.image) : output.stem; }
  bool Wants(Output kind) const { return output.outputs.contains(kind); }
  bool WantsReport() const { return Wants(Output::kReport); }
  bool IsPart() const { return output.report_part.has_value(); }
  fs::path directory() const {
    const fs::path path(output.directory);
    return path.filename_is_dot() && path.has_parent_path() ? path.parent_path() : path;
  }
  void Report(const JobProgress& progress) const {
    if (observer) observer(progress);
  }
};

// More features than bands, at most.
constexpr int kPlaceFeatures = 2;

// Nothing that a job reads beside its image may be replaced by what it writes.
void CheckStays(const Job& job, const std::string& companion, const std::string& what,
                const std::vector<std::string>& names) {
  boost::system::error_code missing;
  for (const std::string& name : names)
    if (!companion.empty() && fs::equivalent(job.directory() / name, companion, missing))
      throw ParameterError(companion + ": is " + what +
                           ", and an output; choose another output folder");
}

// Before any work: can the outputs be there at the end?
void CheckOutputs(const Job& job) {
  if (job.output.outputs.empty()) throw ParameterError("no output is asked for; name at least one");
  CheckFitOutputs(job.output.outputs, job.applied ? ModelSource::kGiven : ModelSource::kSeparate,
                  job.settings ? *job.settings : SegmentOptions());
  if (job.applied)
    CheckModelOutputs(job.output, *job.applied);
  else
    CheckModelOutputs(job.output, job.features);
  CheckOutputFolder(job.directory());
  const std::vector<std::string> names =
      OutputNames(job.stem(), job.output.outputs, job.num_classes,
                  job.IsPart() ? ReportKind::kPart : ReportKind::kPage);
  CheckStays(job, job.input.weight_map, "the weight map", names);
  CheckStays(job, job.input.scribbles, "the scribbles", names);
  CheckExisting(job.directory(), names, job.output.existing);
  if (!job.WantsReport() || job.IsPart()) return;
  ReportDate();
  if (IsReportOf(job.directory() / kReportName, kFolderSubject))
    throw ParameterError((job.directory() / kReportName).string() +
                         " is about a whole folder; choose another output folder, or leave report "
                         "out of --write");
}

std::vector<std::string> FilesIn(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> FindStale(const Job& job, const std::vector<std::string>& written) {
  if (job.output.existing != ExistingOutputs::kOverwrite) return {};
  std::vector<std::string> stale =
      StaleNames(job.directory(), job.stem(), job.can_be_stale, written);
  if (!job.WantsReport() && IsReportOf(job.directory() / kReportName, ReportSubject(job.stem())))
    stale.push_back(kReportName);
  std::erase_if(stale, [&](const std::string& name) {
    return std::any_of(
        job.output.keep.begin(), job.output.keep.end(),
        [&](const std::string& kept) { return fs::equivalent(kept, job.directory() / name); });
  });
  return stale;
}

void Commit(const Job& job, Staging& staging, JobResult& result) {
  result.files = FilesIn(staging.folder());
  CheckExisting(job.directory(), result.files, job.output.existing);
  result.stale = FindStale(job, result.files);
  if (job.output.before_commit) job.output.before_commit(result.files);
  staging.Commit(result.files, result.stale);
}

void WriteReport(const Job& job, const Raster& raster, const Segmentation& segmentation,
                 const Staging& staging, const JobResult& result) {
  const ModelOrigin origin = job.applied ? ModelOrigin::kApplied : ModelOrigin::kFittedHere;
  if (job.IsPart())
    WriteImagePart(staging.folder(), job.stem(), *job.output.report_part, raster, segmentation,
                   result, origin);
  else
    WriteImagePage(
        staging.folder(), job.stem(), raster, segmentation, result,
        job.applied ? ShownSettings(*job.applied, *job.smooth) : ShownSettings(*job.settings),
        origin);
}

Measures Measure(const Job& job, const Segmentation& segmentation, JobResult& result) {
  Measures measures;
  if (NeedsAnomalies(job.output.outputs)) {
    measures.anomalies = FindAnomalies(segmentation, job.output.anomaly_rate);
    result.anomalies = measures.anomalies.counts;
  }
  if (job.Wants(Output::kInstability)) {
    measures.instability = MeasureInstability(segmentation);
    result.instability = measures.instability.totals;
  }
  return measures;
}

void Write(const Job& job, const Raster& raster, const Segmentation& segmentation, Staging& staging,
           JobResult& result) {
  job.Report({.stage = JobStage::kWriting});
  Stopwatch watch;
  try {
    const Measures measures = Measure(job, segmentation, result);
    WriteOutputs(staging.folder(), job.stem(), raster, segmentation, measures, job.output);
    if (job.WantsReport()) WriteReport(job, raster, segmentation, staging, result);
  } catch (const IoError& error) {
    throw IoError(error.operation(), staging.InFinalPlace(error.what()));
  }
  Commit(job, staging, result);
  result.seconds.write = watch.Seconds();
}

void SetFacts(const Raster& raster, const Segmentation& segmentation, JobResult& result) {
  result.width = raster.width();
  result.height = raster.height();
  result.depth = raster.depth();
  result.num_bands = raster.num_bands();
  result.num_valid = segmentation.num_valid;
  result.model = segmentation.model;
  result.classes = segmentation.classes;
  result.log_likelihood = segmentation.log_likelihood;
  result.smoothing = segmentation.smoothing;
  result.seconds.features = segmentation.seconds.features;
  result.seconds.fit = segmentation.seconds.fit;
  result.seconds.labels = segmentation.seconds.labels;
  result.threads = ActiveThreads();
  result.instruction_set = InstructionSet();
}

[[noreturn]] void ThrowOutOfMemory(const std::string& input, const Raster& raster) {
  throw Error(input + ": not enough memory for " + std::to_string(raster.width()) + " x " +
              std::to_string(raster.height()) + " pixels of " + std::to_string(raster.num_bands()) +
              " bands; scale the image down, cut it, or ask for fewer outputs");
}

JobResult Run(const Job& job) {
  Stopwatch total;
  CheckOutputs(job);
  job.Report({.stage = JobStage::kReading});
  JobResult result;
  result.input = job.input.image;
  result.asked = job.output.outputs;
  result.directory = job.output.directory;
  Stopwatch watch;
  const LoadedImage image = LoadInput(job.input);
  result.seconds.read = watch.Seconds();
  result.hash = image.hash;

  Staging staging(job.directory(), job.stem());
  try {
    const Segmentation segmentation = job.segment(image);
    SetFacts(image.raster, segmentation, result);
    if (job.match_confidence) result.match_confidence = *job.match_confidence;
    if (job.applied) result.drift = MeasureDrift(segmentation, *job.applied);
    if (job.settings && job.WantsReport())
      result.kmeans_difference = KMeansDifference(segmentation, *job.settings);
    result.warnings = WarningsOf(result, job.settings ? &job.settings->fit : nullptr);
    Write(job, image.raster, segmentation, staging, result);
  } catch (const std::bad_alloc&) {
    ThrowOutOfMemory(job.input.image, image.raster);
  }
  result.seconds.total = total.Seconds();
  return result;
}

// A job that fits a model to its image, by `fit`.
template <typename Fit>
JobResult RunFit(Job job, const SegmentOptions& options, const Fit& fit) {
  CheckChoice(options);
  CheckClassNames(options.class_names, job.num_classes);
  SegmentOptions with_progress = options;
  with_progress.fit.progress = [&](int iteration, double log_likelihood) {
    if (options.fit.progress) options.fit.progress(iteration, log_likelihood);
    job.Report({JobStage::kFitting, iteration, log_likelihood});
  };
  job.settings = &options;
  job.segment = [&](const LoadedImage& image) {
    job.Report({.stage = JobStage::kFitting});
    if (job.WantsReport() || job.Wants(Output::kConvergence))
      with_progress.fit.trace_length =
          TraceLength(options.num_components(), image.raster.num_bands() + kPlaceFeatures,
                      job.IsPart() ? kPreviewOfMany : kPreviewOfOne);
    if (job.Wants(Output::kInstability)) with_progress.fit.restart_models = RestartModels::kKeep;
    Segmentation segmentation = fit(image.raster, with_progress);
    segmentation.model.inputs = {{fs::path(job.input.image).filename().string(), image.hash}};
    return segmentation;
  };
  return Run(job);
}

}  // namespace

JobResult RunSegmentJob(const JobInput& input, const SegmentOptions& options,
                        const OutputOptions& output, const JobObserver& observer) {
  return RunFit({.input = input,
                 .output = output,
                 .observer = observer,
                 .features = options.features,
                 .num_classes = options.most_classes()},
                options, &Segment);
}

JobResult RunMatchJob(const JobInput& input, const SegmentOptions& options, const Model& reference,
                      const OutputOptions& output, const JobObserver& observer) {
  double confidence = 0;
  return RunFit({.input = input,
                 .output = output,
                 .observer = observer,
                 .features = reference.features.spec,
                 .num_classes = static_cast<int>(reference.classes.size()),
                 .match_confidence = &confidence},
                options, [&](const Raster& raster, const SegmentOptions& settings) {
                  MatchedSegmentation matched = SegmentMatched(raster, settings, reference);
                  confidence = matched.confidence;
                  return std::move(matched.segmentation);
                });
}

JobResult RunApplyJob(const JobInput& input, const Model& model, const OutputOptions& output,
                      const JobObserver& observer, const SmoothOptions& smooth) {
  Validate(smooth);
  // A model beside the outputs may be the very one that is applied: it never gets stale.
  OutputSet can_be_stale = AllOutputs();
  can_be_stale.erase(Output::kModel);
  const Job job{.input = input,
                .output = output,
                .observer = observer,
                .features = model.features.spec,
                .num_classes = static_cast<int>(model.classes.size()),
                .can_be_stale = can_be_stale,
                .applied = &model,
                .smooth = &smooth,
                .segment = [&](const LoadedImage& image) {
                  if (observer) observer({.stage = JobStage::kLabelling});
                  return Apply(image.raster, model, smooth);
                }};
  return Run(job);
}

void AbandonJobs() noexcept { Staging::AbandonAll(); }

}  // namespace gmmseg
