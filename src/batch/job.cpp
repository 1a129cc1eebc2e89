#include <gmmseg/errors.h>
#include <gmmseg/job.h>
#include <gmmseg/kmeans_difference.h>

#include <boost/filesystem/path.hpp>
#include <memory>

#include "base/stopwatch.h"
#include "batch/bids_files.h"
#include "batch/fit_outputs.h"
#include "batch/job_frame.h"
#include "batch/job_settings.h"
#include "batch/load_input.h"
#include "batch/model_outputs.h"
#include "batch/output_names.h"
#include "batch/report_files.h"
#include "batch/staging.h"
#include "batch/warnings.h"
#include "batch/write_outputs.h"
#include "batch/write_volumes.h"

namespace gmmseg {
namespace fs = boost::filesystem;
namespace {

// One run: what is asked, where it goes, and how a raster becomes a segmentation.
struct Job : JobFrame {
  FeatureSpec features;
  const Model* applied = nullptr;            // null where the image gets a model of its own
  const SmoothOptions* smooth = nullptr;     // of a model that is applied
  const SegmentOptions* settings = nullptr;  // of the fit; null where there is none
  const double* match_confidence = nullptr;  // of a match, set by `segment`
  std::function<Segmentation(const LoadedImage&)> segment = {};
};

// More features than bands, at most.
constexpr int kPlaceFeatures = 2;

void CheckOutputs(const Job& job) {
  CheckFitOutputs(job.output.outputs, job.applied ? ModelSource::kGiven : ModelSource::kSeparate,
                  job.settings ? *job.settings : SegmentOptions());
  if (job.applied)
    CheckModelOutputs(job.output, *job.applied);
  else
    CheckModelOutputs(job.output, job.features);
}

void WriteReport(const Job& job, const Raster& raster, const Segmentation& segmentation,
                 const fs::path& folder, const JobResult& result) {
  const ModelOrigin origin = job.applied ? ModelOrigin::kApplied : ModelOrigin::kFittedHere;
  if (job.IsPart())
    WriteImagePart(folder, job.stem(), *job.output.report_part, raster, segmentation, result,
                   origin, job.output.display_window);
  else
    WriteImagePage(
        folder, job.stem(), raster, segmentation, result,
        job.applied ? ShownSettings(*job.applied, *job.smooth) : ShownSettings(*job.settings),
        origin, job.output.display_window);
}

// What a volume has none of: something must be left to write, and the rest is said.
void LeaveOutPictures(const Job& job, const Raster& raster, JobResult& result) {
  const OutputSet left_out = LeftOutOfVolumes(job.output.outputs);
  if (!IsVolume(raster) || left_out.empty()) return;
  std::string words;
  for (const Output output : left_out)
    words += (words.empty() ? "" : " and ") + std::string(ToString(output));
  if (left_out == job.output.outputs)
    throw ParameterError(words +
                         ": a volume has no such pictures; ask for labels or probabilities, which "
                         "are volumes");
  result.warnings.push_back(words + " are left out: a volume has no such pictures");
}

// Before any work on it: what only volumes have.
void CheckVolume(const Job& job, const Raster& raster) {
  if (job.output.naming == Naming::kBids && !IsVolume(raster))
    throw ParameterError(job.input.image +
                         ": is no volume, and BIDS names volumes; leave naming plain");
  if (job.Wants(Output::kVolumes) && !raster.volume() &&
      !job.output.if_possible.contains(Output::kVolumes))
    throw ParameterError(job.input.image +
                         ": volumes are of voxels whose size is known, as NIfTI and DICOM tell it, "
                         "and this image has none; do not ask for volumes");
}

// The names of what was read.
std::vector<std::string> SourcesOf(const JobInput& input) {
  std::vector<std::string> sources = {NameOf(input.image)};
  for (const std::string& channel : input.read.channels) sources.push_back(NameOf(channel));
  for (const std::string& path : {input.mask, input.weight_map, input.scribbles})
    if (!path.empty()) sources.push_back(NameOf(path));
  for (const std::string& map : input.tissue_maps) sources.push_back(NameOf(map));
  return sources;
}

Measures Measure(const Job& job, const Segmentation& segmentation, JobResult& result) {
  Measures measures;
  measures.volumes = result.volumes;
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

void Write(const Job& job, const Raster& raster, const Segmentation& segmentation,
           const fs::path& folder, JobResult& result) {
  job.Report({.stage = JobStage::kWriting});
  Stopwatch watch;
  const Measures measures = Measure(job, segmentation, result);
  WriteOutputs(folder, job.stem(), raster, segmentation, measures, job.output);
  if (job.output.naming == Naming::kBids)
    WriteBidsFiles(folder, job.stem(), SourcesOf(job.input), segmentation, job.output.outputs);
  if (job.WantsReport()) WriteReport(job, raster, segmentation, folder, result);
  result.seconds.write = watch.Seconds();
}

void SetFacts(const Job& job, const Segmentation& segmentation, JobResult& result) {
  result.num_valid = segmentation.num_valid;
  result.model = segmentation.model;
  result.classes = segmentation.classes;
  result.log_likelihood = segmentation.log_likelihood;
  result.smoothing = segmentation.smoothing;
  if (segmentation.tissues) result.tissues = segmentation.tissues->facts;
  result.seconds.features = segmentation.seconds.features;
  result.seconds.fit = segmentation.seconds.fit;
  result.seconds.labels = segmentation.seconds.labels;
  if (job.match_confidence) result.match_confidence = *job.match_confidence;
  if (job.applied) result.drift = MeasureDrift(segmentation, *job.applied);
  if (job.settings && job.WantsReport() && !job.settings->tissues)
    result.kmeans_difference = KMeansDifference(segmentation, *job.settings);
  result.warnings = WarningsOf(result, job.settings ? &job.settings->fit : nullptr);
}

JobResult Run(const Job& job) {
  CheckOutputs(job);
  return RunInFrame(job, [&](const LoadedImage& image, const fs::path& folder, JobResult& result) {
    CheckVolume(job, image.raster);
    if (job.Wants(Output::kOverlay)) CheckSlices(image.raster, job.output.slices);
    const Segmentation segmentation = job.segment(image);
    SetFacts(job, segmentation, result);
    if (image.raster.volume())
      result.volumes = MeasureVolumes(segmentation, *image.raster.volume());
    result.warnings.insert(result.warnings.end(), image.warnings.begin(), image.warnings.end());
    LeaveOutPictures(job, image.raster, result);
    Write(job, image.raster, segmentation, folder, result);
  });
}

// A job that fits a model to its image, by `fit`.
template <typename Fit>
JobResult RunFit(Job job, const SegmentOptions& options, const Fit& fit) {
  CheckChoice(options);
  CheckClassNames(options.class_names, job.classes.count);
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
    if (with_progress.tissues && !job.input.tissue_maps.empty())
      with_progress.tissues->maps =
          std::make_shared<const TissueMaps>(LoadTissueMaps(job.input, image.raster));
    Segmentation segmentation = fit(image.raster, with_progress);
    segmentation.model.inputs = {{NameOf(job.input.image), image.hash}};
    return segmentation;
  };
  return Run(job);
}

}  // namespace

JobResult RunSegmentJob(const JobInput& input, const SegmentOptions& asked,
                        const OutputOptions& output, const JobObserver& observer) {
  SegmentOptions options = asked;
  if (options.tissues)
    options.tissues->foreground = input.mask.empty() ? Foreground::kAuto : Foreground::kGiven;
  return RunFit({{.input = input,
                  .output = output,
                  .observer = observer,
                  .classes = {options.most_classes(), options.class_names}},
                 options.features},
                options, &Segment);
}

JobResult RunMatchJob(const JobInput& input, const SegmentOptions& options, const Model& reference,
                      const OutputOptions& output, const JobObserver& observer) {
  double confidence = 0;
  Job job{{.input = input,
           .output = output,
           .observer = observer,
           .classes = KnownClassesOf(reference)},
          reference.features.spec};
  job.match_confidence = &confidence;
  return RunFit(job, options, [&](const Raster& raster, const SegmentOptions& settings) {
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
  Job job{{.input = input,
           .output = output,
           .observer = observer,
           .classes = KnownClassesOf(model),
           .can_be_stale = can_be_stale},
          model.features.spec};
  job.applied = &model;
  job.smooth = &smooth;
  job.segment = [&](const LoadedImage& image) {
    job.Report({.stage = JobStage::kLabelling});
    return Apply(image.raster, model, smooth);
  };
  return Run(job);
}

void AbandonJobs() noexcept { Staging::AbandonAll(); }

}  // namespace gmmseg
