#include <gmmseg/errors.h>
#include <gmmseg/folder_job.h>
#include <gmmseg/model_io.h>

#include <algorithm>
#include <boost/filesystem/operations.hpp>
#include <new>
#include <set>
#include <utility>

#include "base/hash.h"
#include "base/stopwatch.h"
#include "batch/image_headers.h"
#include "batch/job_settings.h"
#include "batch/manifest.h"
#include "batch/ordered_pipeline.h"
#include "batch/output_folder.h"
#include "batch/output_names.h"
#include "batch/shared_model.h"
#include "batch/staging.h"
#include "io/file_bytes.h"
#include "io/model_format.h"

namespace gmmseg {
namespace fs = boost::filesystem;
namespace {

bool Resumes(EarlierRun earlier) {
  return earlier == EarlierRun::kResume || earlier == EarlierRun::kRefit;
}

// The options as every image sees them: a shared model is written once, not for each.
FolderOptions ForEachImage(FolderOptions options) {
  if (options.source == ModelSource::kShared) options.output.outputs.erase(Output::kModel);
  return options;
}

int NumComponents(const FolderOptions& options) {
  return options.model ? options.model->mixture().num_components()
                       : options.segment.fit.num_components;
}

// Before any work: may this run write where an earlier one wrote?
void CheckEarlierRun(const InputList& inputs, const FolderOptions& options) {
  const fs::path top = options.output.directory;
  CheckOutputFolder(top);
  if (options.earlier != EarlierRun::kRefuse) return;
  if (fs::exists(fs::symlink_status(top / kManifestName)))
    throw ParameterError((top / kManifestName).string() +
                         ": an earlier run wrote into this folder; use --resume to go on with it, "
                         "or --overwrite to start over");
  if (!fs::exists(top)) return;
  for (const InputFile& file : inputs.files)
    CheckExisting(top / file.folder,
                  OutputNames(file.stem, options.output.outputs, NumComponents(options)),
                  ExistingOutputs::kRefuse);
}

// One image at its end, before it is recorded.
struct Outcome {
  ImageRecord record;
  std::optional<JobResult> result;
  bool kept = false;
};

class FolderRun {
 public:
  FolderRun(const InputList& inputs, const FolderOptions& options, const FolderObserver& observer)
      : inputs_(inputs),
        options_(ForEachImage(options)),
        observer_(observer),
        top_(options.output.directory) {}

  FolderResult Run() {
    Stopwatch total;
    CheckEarlierRun(inputs_, options_);
    plan_ = PlanWork(ReadHeaders(inputs_), options_);
    Begin();
    Stopwatch fit;
    if (NeedsSharedModel(options_) && !KeepModel()) ShareModel();
    result_.fit_seconds = fit.Seconds();
    SetSettings();
    if (!options_.output.outputs.empty()) RunImages();
    RemoveEmptyFolders(top_, inputs_);
    result_.num_images = std::ssize(inputs_.files);
    result_.images_at_a_time = plan_.images_at_a_time;
    result_.total_seconds = total.Seconds();
    return std::move(result_);
  }

  FolderPlan Plan() {
    CheckEarlierRun(inputs_, options_);
    const ImageHeaders headers = ReadHeaders(inputs_);
    plan_ = PlanWork(headers, options_);
    earlier_ = ReadManifest(top_).value_or(Manifest());
    const bool fits_model = NeedsSharedModel(options_) && !KeepModel();
    // A new model makes everything new.
    if (!fits_model) SetSettings();
    FolderPlan plan;
    plan.num_images = std::ssize(inputs_.files);
    for (std::int64_t i = 0; i < plan.num_images; ++i)
      if (!Kept(inputs_.files[i])) plan.to_do.push_back(i);
    plan.num_unreadable =
        std::ranges::count_if(plan.to_do, [&headers](std::int64_t i) { return !headers[i]; });
    plan.images_at_a_time = plan_.images_at_a_time;
    plan.bytes = plan_.bytes_per_image * plan_.images_at_a_time;
    plan.fits_model = fits_model;
    plan.exact_model = plan_.shared.pool.content == FeaturePool::Content::kColors;
    const std::int64_t per_image =
        std::ssize(OutputNames("", options_.output.outputs, NumComponents(options_)));
    plan.num_files = (std::ssize(plan.to_do) - plan.num_unreadable) * per_image + 1 + fits_model;
    return plan;
  }

 private:
  void SetSettings() {
    settings_ = SettingsHash(options_, options_.model ? HashOf(*options_.model) : "");
  }

  void Begin() {
    boost::system::error_code error;
    fs::create_directory(top_, error);
    const std::optional<Manifest> earlier = ReadManifest(top_);
    manifest_.emplace(
        top_, Resumes(options_.earlier) ? ManifestFile::Begin::kGoOn : ManifestFile::Begin::kAnew);
    earlier_ = earlier.value_or(Manifest());
    // A manifest tells what has become stale; without one, folders are searched.
    options_.output.existing = options_.earlier == EarlierRun::kRefuse ? ExistingOutputs::kRefuse
                               : earlier                               ? ExistingOutputs::kReplace
                                         : ExistingOutputs::kOverwrite;
    for (const fs::path& folder : OutputFolders(top_, inputs_)) Staging::RemoveLeftovers(folder);
  }

  // A new model, or none if no image can be read.
  void ShareModel() {
    result_.exact_model = plan_.shared.pool.content == FeaturePool::Content::kColors;
    SharedFit fit = FitSharedModel(inputs_, options_, plan_.shared, plan_.window, observer_);
    failures_ = std::move(fit.failures);
    if (!fit.model) return;
    // As it will be read: a run that goes on has the same numbers.
    const std::string text = ModelText(*fit.model);
    ShareWithImages(ParseModel(kSharedModelName,
                               {reinterpret_cast<const unsigned char*>(text.data()), text.size()}));
    Staging staging(top_, "model");
    WriteModel((staging.folder() / kSharedModelName).string(), *fit.model);
    staging.Commit({kSharedModelName}, {});
    manifest_->Append(ModelRecord{HashOf(*fit.model), FitSettingsText(options_.segment)});
    result_.model = std::move(fit.model);
  }

  // Takes the earlier run's model where this run goes on with it.
  bool KeepModel() {
    const fs::path path = top_ / kSharedModelName;
    if (options_.earlier != EarlierRun::kResume || !earlier_.model || !fs::exists(path))
      return false;
    const std::string settings = FitSettingsText(options_.segment);
    if (earlier_.model->settings != settings)
      throw ParameterError(path.string() + ": was fitted with other settings (" +
                           SettingsDifference(earlier_.model->settings, settings) +
                           "); use --refit to fit it anew, or the settings of that run");
    if (earlier_.model->hash != ContentHash(ReadFileBytes(path.string(), "a model file")))
      throw ParameterError(path.string() +
                           ": is not the model that the earlier run fitted; use --refit to fit it "
                           "anew, or --model to apply this one");
    result_.model = ReadModel(path.string());
    result_.model_kept = true;
    ShareWithImages(*result_.model);
    return true;
  }

  void ShareWithImages(Model model) {
    model.inputs.clear();  // every image has a copy
    if (options_.source == ModelSource::kMatched) {
      options_.segment.features = model.features.spec;
      options_.segment.fit.num_components =
          std::min(options_.segment.fit.num_components, model.mixture().num_components());
    }
    options_.model = std::move(model);
  }

  void RunImages() {
    const auto count = std::ssize(inputs_.files);
    Report(0);
    ForEachInOrder(
        count, plan_.window, [&](std::int64_t i) { return RunImage(i); },
        [&](std::int64_t i, Outcome& outcome) {
          Finish(inputs_.files[i], outcome);
          Report(i + 1);
          const bool failed = outcome.record.status == ImageStatus::kFailed;
          return failed && options_.on_failure == OnFailure::kStop ? Next::kStop : Next::kGoOn;
        });
  }

  Outcome RunImage(std::int64_t i) const {
    const InputFile& file = inputs_.files[i];
    if (std::optional<ImageRecord> kept = Kept(file)) return {std::move(*kept), std::nullopt, true};
    Stopwatch watch;
    Outcome outcome;
    outcome.record.input = file.name;
    outcome.record.settings = settings_;
    if (const auto failure = failures_.find(i); failure != failures_.end())
      outcome.record.message = failure->second;
    else
      TryImage(file, outcome);
    outcome.record.seconds = watch.Seconds();
    return outcome;
  }

  void TryImage(const InputFile& file, Outcome& outcome) const {
    try {
      outcome.result = RunJob(file);
      Describe(file, *outcome.result, outcome.record);
    } catch (const std::bad_alloc&) {
      outcome.record.message = file.path + ": not enough memory; scale the image down";
    } catch (const std::exception& error) {
      outcome.record.message = error.what();
    }
  }

  JobResult RunJob(const InputFile& file) const {
    OutputOptions output = options_.output;
    output.directory = MakeFolder(top_, file.folder).string();
    output.stem = file.stem;
    switch (options_.source) {
      case ModelSource::kSeparate:
        return RunSegmentJob(file.path, options_.segment, output);
      case ModelSource::kMatched:
        return RunMatchJob(file.path, options_.segment, options_.model.value(), output);
      case ModelSource::kShared:
      case ModelSource::kGiven:
        break;
    }
    return RunApplyJob(file.path, options_.model.value(), output);
  }

  static void Describe(const InputFile& file, const JobResult& result, ImageRecord& record) {
    record.status = ImageStatus::kDone;
    record.hash = result.hash;
    record.log_likelihood = result.log_likelihood;
    record.drift = result.drift;
    record.match_confidence = result.match_confidence;
    for (const ClassEntry& entry : result.classes) record.shares.push_back(entry.share);
    for (const std::string& name : result.files)
      record.outputs.push_back((fs::path(file.folder) / name).string());
  }

  // What an earlier run recorded, if it did the same for the same input.
  std::optional<ImageRecord> Kept(const InputFile& file) const {
    const auto found = earlier_.images.find(file.name);
    if (!Resumes(options_.earlier) || found == earlier_.images.end()) return std::nullopt;
    const ImageRecord& record = found->second;
    const fs::path folder(file.folder);
    const auto is_there = [&](const std::string& output) {
      boost::system::error_code missing;
      return fs::path(output).parent_path() == folder &&
             IsOutputOf(file.stem, fs::path(output).filename().string()) &&
             fs::is_regular_file(top_ / output, missing);
    };
    if (record.status != ImageStatus::kDone || record.settings != settings_ ||
        !std::ranges::all_of(record.outputs, is_there))
      return std::nullopt;
    try {
      if (ContentHash(ReadImageBytes(file.path)) != record.hash) return std::nullopt;
    } catch (const IoError&) {
      return std::nullopt;
    }
    return record;
  }

  void Finish(const InputFile& file, const Outcome& outcome) {
    const ImageRecord& record = outcome.record;
    if (!outcome.kept) {
      RemoveFormerOutputs(record);
      manifest_->Append(record);
    }
    Count(outcome);
    if (observer_.image)
      observer_.image({file, record, outcome.result ? &*outcome.result : nullptr, outcome.kept});
  }

  // What an earlier run wrote for the input and nothing writes now.
  void RemoveFormerOutputs(const ImageRecord& record) const {
    const auto found = earlier_.images.find(record.input);
    if (found == earlier_.images.end() || record.status == ImageStatus::kFailed) return;
    const auto is_of_another = [&](const fs::path& output) {
      return std::ranges::any_of(inputs_.files, [&](const InputFile& file) {
        return file.name != record.input && output.parent_path() == fs::path(file.folder) &&
               IsOutputOf(file.stem, output.filename().string());
      });
    };
    for (const std::string& output : found->second.outputs) {
      if (std::ranges::find(record.outputs, output) != record.outputs.end()) continue;
      boost::system::error_code ignored;
      if (!is_of_another(output)) fs::remove(top_ / output, ignored);
    }
  }

  void Count(const Outcome& outcome) {
    const bool done = outcome.record.status == ImageStatus::kDone;
    ++(outcome.kept ? result_.num_kept : done ? result_.num_done : result_.num_failed);
    if (outcome.record.drift && outcome.record.drift->flagged()) ++result_.num_drifted;
    if (!FitsEachImage(options_.source) || !outcome.result) return;
    const FitResult& fit = outcome.result->model.fit;
    if (!fit.converged()) ++result_.num_unconverged;
    if (!fit.has_all_components()) ++result_.num_with_dropped;
  }

  void Report(std::int64_t images_done) const {
    if (observer_.progress)
      observer_.progress({.stage = FolderStage::kLabelling,
                          .images_done = images_done,
                          .num_images = std::ssize(inputs_.files)});
  }

  const InputList& inputs_;
  FolderOptions options_;
  const FolderObserver& observer_;
  fs::path top_;
  WorkPlan plan_;
  Manifest earlier_;
  std::optional<ManifestFile> manifest_;
  std::map<std::int64_t, std::string> failures_;  // while the shared model was fitted
  std::string settings_;
  FolderResult result_;
};

}  // namespace

FolderResult RunFolderJob(const InputList& inputs, const FolderOptions& options,
                          const FolderObserver& observer) {
  return FolderRun(inputs, options, observer).Run();
}

FolderPlan PlanFolderJob(const InputList& inputs, const FolderOptions& options) {
  return FolderRun(inputs, options, {}).Plan();
}

}  // namespace gmmseg
