#include <gmmseg/errors.h>
#include <gmmseg/folder_job.h>
#include <gmmseg/model_io.h>
#include <gmmseg/scene_job.h>

#include <algorithm>
#include <boost/filesystem/operations.hpp>
#include <new>
#include <set>
#include <utility>

#include "base/byte_text.h"
#include "base/hash.h"
#include "base/ordered_pipeline.h"
#include "base/share.h"
#include "base/stopwatch.h"
#include "batch/bids_files.h"
#include "batch/earlier_run.h"
#include "batch/folder_checks.h"
#include "batch/folder_page.h"
#include "batch/folder_ranks.h"
#include "batch/image_headers.h"
#include "batch/job_settings.h"
#include "batch/load_input.h"
#include "batch/manifest.h"
#include "batch/output_folder.h"
#include "batch/output_names.h"
#include "batch/report_files.h"
#include "batch/shared_model.h"
#include "batch/staging.h"
#include "batch/warnings.h"
#include "batch/write_volumes.h"
#include "io/file_bytes.h"
#include "io/staged_file.h"
#include "render/convergence.h"

namespace gmmseg {
namespace fs = boost::filesystem;
namespace {

// The options as every image sees them: a shared model and the picture of its fit are written once,
// not for each, and a reference has the names that its classes are to have.
FolderOptions ForEachImage(FolderOptions options) {
  if (options.source == ModelSource::kShared) {
    options.output.outputs.erase(Output::kModel);
    options.output.outputs.erase(Output::kConvergence);
  }
  if (options.source == ModelSource::kMatched && options.model)
    NameClasses(options.model->classes, options.segment.class_names);
  return options;
}

FeaturePool::Weights WeightsOf(const InputList& inputs) {
  const bool any = std::ranges::any_of(
      inputs.files, [](const InputFile& file) { return !file.weight_map.empty(); });
  return any ? FeaturePool::Weights::kOfPixels : FeaturePool::Weights::kNone;
}

// What is written beside the images' outputs about a model that they share, as the job was asked.
std::vector<std::string> SharedNames(const FolderOptions& options) {
  if (!NeedsSharedModel(options)) return {};
  if (!options.output.outputs.contains(Output::kConvergence)) return {kSharedModelName};
  return {kSharedModelName, kSharedPictureName};
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
        asked_(options.output.outputs),
        shared_names_(SharedNames(options)),
        options_(ForEachImage(options)),
        observer_(observer),
        fit_observer_(observer),
        ranks_(options.ranks),
        top_(options.output.directory) {}

  FolderResult Run() {
    Stopwatch total;
    if (IsFirst(ranks_)) CheckFolderJob(inputs_, options_, shared_names_);
    if (ranks_ != nullptr) CheckSameInputs();
    plan_ = PlanWork(inputs_, ReadHeaders(inputs_), options_, WeightsOf(inputs_));
    if (ranks_ != nullptr) CheckSamePlan();
    Begin();
    std::optional<FolderRanks> together;
    if (ranks_ != nullptr)
      Join(together.emplace(*ranks_, std::ssize(inputs_.files), options_.on_failure, Desk()));
    Stopwatch fit;
    if (NeedsSharedModel(options_) && !KeepModel()) ShareModel();
    result_.fit_seconds = fit.Seconds();
    SetSettings();
    if (options_.on_failure == OnFailure::kStop && !failures_.empty()) {
      if (IsFirst(ranks_)) RecordFailures();
    } else {
      RunImages();
    }
    if (ranks_ != nullptr) Meet(*ranks_);
    if (IsFirst(ranks_)) {
      RemoveEmptyFolders(top_, inputs_);
      Report();
    }
    result_.num_images = std::ssize(inputs_.files);
    result_.images_at_a_time = plan_.images_at_a_time;
    result_.total_seconds = total.Seconds();
    return std::move(result_);
  }

  FolderPlan Plan() {
    CheckFolderJob(inputs_, options_, shared_names_);
    const ImageHeaders headers = ReadHeaders(inputs_);
    plan_ = PlanWork(inputs_, headers, options_, WeightsOf(inputs_));
    if (Resumes(options_.earlier))
      earlier_ = EarlierRuns(top_, inputs_, ReadManifest(top_).value_or(Manifest()));
    const bool fits_model = NeedsSharedModel(options_) && !KeepModel();
    // A new model makes everything new.
    if (!fits_model) SetSettings();
    FolderPlan plan;
    plan.num_images = std::ssize(inputs_.files);
    for (std::int64_t i = 0; i < plan.num_images; ++i)
      if (!earlier_.Done(inputs_.files[i], settings_)) plan.to_do.push_back(i);
    plan.num_unreadable =
        std::ranges::count_if(plan.to_do, [&headers](std::int64_t i) { return !headers[i]; });
    plan.images_at_a_time = plan_.images_at_a_time;
    plan.bytes =
        plan_.HasScenes() ? plan_.scene_memory : plan_.bytes_per_image * plan_.images_at_a_time;
    plan.fits_model = fits_model;
    plan.exact_model = plan_.shared.pool.content == FeaturePool::Content::kColors;
    for (const std::int64_t i : plan.to_do)
      if (headers[i]) plan.num_files += NumFilesOf(*headers[i]);
    plan.num_files += 1 + (fits_model ? std::ssize(shared_names_) : 0) + WantsReport(options_) +
                      (options_.output.naming == Naming::kBids && !fs::exists(top_ / kDatasetName));
    return plan;
  }

 private:
  // For an image of this header, which tells a volume by its slices.
  std::int64_t NumFilesOf(const ImageHeader& header) const {
    const bool is_volume = header.depth > 1;
    const OutputSet& outputs = options_.output.outputs;
    const auto names = std::ssize(
        OutputNames("", outputs, NumClasses(options_), ReportKind::kPart,
                    is_volume ? VolumeKind(options_.output.naming) : OutputKind::kPicture));
    const std::size_t num_slices =
        std::set(options_.output.slices.begin(), options_.output.slices.end()).size();
    const bool is_of_slices = is_volume && num_slices > 0 && outputs.contains(Output::kOverlay);
    return is_of_slices ? names - 1 + static_cast<std::int64_t>(num_slices) : names;
  }

  void SetSettings() {
    settings_ = SettingsHash(options_, options_.model ? HashOf(*options_.model) : "");
  }

  // Before anything is written: all ranks have found the same.
  void CheckSameInputs() const {
    std::string names;
    for (const InputFile& file : inputs_.files) names += file.path + '\n';
    RequireSame(names, "the inputs are");
  }

  // What all ranks have found in the headers decides who reads what.
  void CheckSamePlan() const {
    ByteWriter plan;
    plan.Put(plan_.num_cells);
    plan.Put(plan_.shared.pool.content);
    plan.Put(plan_.shared.pool.chance);
    RequireSame(plan.Take(), "what the inputs' headers say is");
  }

  void RequireSame(const std::string& own, const std::string& what) const {
    std::string of_first = own;
    ranks_->Broadcast(0, of_first);
    if (own != of_first)
      throw ParameterError(what +
                           " not the same for all ranks; give files that all machines can read, "
                           "and leave them alone meanwhile");
    Meet(*ranks_);
  }

  void Begin() {
    const bool goes_on = Resumes(options_.earlier);
    if (IsFirst(ranks_)) {
      MakeFolder(top_, "");
      if (options_.output.naming == Naming::kBids) WriteDatasetDescription(top_);
    }
    std::optional<Manifest> earlier = ReadManifest(top_);
    if (ranks_ != nullptr) Meet(*ranks_);
    if (IsFirst(ranks_))
      manifest_.emplace(top_, goes_on ? ManifestFile::Begin::kGoOn : ManifestFile::Begin::kAnew);
    // A manifest tells what has become stale; without one, folders are searched.
    options_.output.existing = options_.earlier == EarlierRun::kRefuse ? ExistingOutputs::kRefuse
                               : earlier || goes_on                    ? ExistingOutputs::kReplace
                                                    : ExistingOutputs::kOverwrite;
    if (options_.output.existing == ExistingOutputs::kOverwrite)
      for (const InputFile& file : inputs_.files)
        inputs_in_[PlainPath(file.path).parent_path()].push_back(file.path);
    if (earlier && !goes_on) StartOver(*earlier);
    if (IsFirst(ranks_)) {
      // It would tell of other results than those that stand there from now on.
      if (options_.earlier != EarlierRun::kRefuse && IsReportOf(top_ / kReportName, kFolderSubject))
        fs::remove(top_ / kReportName);
      for (const fs::path& folder : OutputFolders(top_, inputs_)) Staging::RemoveLeftovers(folder);
    }
    earlier_ = EarlierRuns(top_, inputs_, std::move(earlier).value_or(Manifest()));
    if (ranks_ != nullptr) Meet(*ranks_);
  }

  void StartOver(Manifest& earlier) const {
    boost::system::error_code ignored;
    for (const char* const name : {kSharedModelName, kSharedPictureName})
      if (!earlier.models.empty() && !IsShared(name) && IsFirst(ranks_))
        fs::remove(top_ / name, ignored);
    earlier.models.clear();
  }

  // Whether a shared model brings a file of this name.
  bool IsShared(const std::string& name) const {
    return std::ranges::find(shared_names_, name) != shared_names_.end();
  }

  // What decides the shared model, but for the images.
  std::string SharedSettings() const {
    const bool weighted = WeightsOf(inputs_) == FeaturePool::Weights::kOfPixels;
    std::string settings =
        FitSettingsText(options_.segment) + " weights=" + (weighted ? "given" : "none");
    if (options_.full_passes != FolderOptions().full_passes)
      settings += " full_passes=" + std::to_string(options_.full_passes);
    return settings;
  }

  // A new model, or none if no image can be read, or none has data.
  void ShareModel() {
    result_.exact_model = plan_.shared.pool.content == FeaturePool::Content::kColors;
    result_.mixed_model = plan_.shared.mixes_floats;
    CheckPicturePlace();
    SharedFit fit = FitSharedModel(inputs_, options_, asked_, plan_, fit_observer_);
    failures_ = std::move(fit.failures);
    if (!fit.model) return;
    if (IsFirst(ranks_)) WriteSharedModel(std::move(fit));
    if (ranks_ != nullptr) Meet(*ranks_);
    // As it will be read: a run that goes on has the same numbers.
    ShareWithImages(ReadModel((top_ / kSharedModelName).string()));
  }

  void WriteSharedModel(SharedFit fit) {
    Staging staging(top_, "model");
    WriteModel((staging.folder() / kSharedModelName).string(), *fit.model);
    if (IsShared(kSharedPictureName))
      WriteStagedFile((staging.folder() / kSharedPictureName).string(),
                      ConvergenceSvg(*fit.model, fit.cloud));
    // Recorded first: a model that nobody recorded would not be known to a run that goes on.
    result_.model = std::move(fit.model);
    result_.warnings = WarningsOf(result_);
    manifest_->Append({HashOf(*result_.model), SharedSettings(), result_.warnings});
    staging.Commit(shared_names_, StalePicture());
  }

  // What stands where the picture is to go is an earlier run's, or nothing.
  void CheckPicturePlace() const {
    if (IsShared(kSharedPictureName))
      CheckExisting(top_, {kSharedPictureName},
                    Resumes(options_.earlier) && earlier_.models().empty()
                        ? ExistingOutputs::kRefuse
                        : ExistingOutputs::kReplace);
  }

  // That of a model which this run replaces.
  std::vector<std::string> StalePicture() const {
    if (IsShared(kSharedPictureName) || earlier_.models().empty() ||
        !fs::exists(top_ / kSharedPictureName))
      return {};
    return {kSharedPictureName};
  }

  // Takes an earlier run's model where this run goes on with it.
  bool KeepModel() {
    const fs::path path = top_ / kSharedModelName;
    if (!Resumes(options_.earlier) || !fs::exists(path)) return false;
    const std::string hash = ContentHash(ReadFileBytes(path.string(), "a model file"));
    const auto known = std::ranges::find(earlier_.models(), hash, &ModelRecord::hash);
    if (known == earlier_.models().end())
      throw ParameterError(
          path.string() +
          ": is not the model that the earlier run fitted; move it away to fit one "
          "anew, or apply it with --model");
    if (options_.earlier == EarlierRun::kRefit) return false;
    const std::string settings = SharedSettings();
    if (known->settings != settings)
      throw ParameterError(path.string() + ": was fitted with other settings (" +
                           SettingsDifference(known->settings, settings) +
                           "); use --refit to fit it anew, or the settings of that run");
    if (IsShared(kSharedPictureName) && !fs::exists(top_ / kSharedPictureName))
      throw ParameterError(
          (top_ / kSharedPictureName).string() +
          ": is not there, and a model that is kept has no iterations to draw; use --refit to fit "
          "it anew, or leave convergence out of --write");
    result_.model = ReadModel(path.string());
    result_.model_kept = true;
    result_.warnings = known->warnings;
    ShareWithImages(*result_.model);
    return true;
  }

  void ShareWithImages(Model model) {
    model.inputs.clear();  // every image has a copy
    if (options_.source == ModelSource::kMatched) {
      options_.segment.features = model.features.spec;
      options_.segment.fit.num_components =
          std::min(options_.segment.fit.num_components, model.mixture().num_components());
      options_.segment.num_classes = 0;
      options_.segment.class_names.clear();  // the model has them, and may have fewer classes
    }
    options_.model = std::move(model);
  }

  void RunImages() {
    if (together_ != nullptr) return RunSomeImages();
    const auto count = std::ssize(inputs_.files);
    ReportProgress(0);
    ForEachInOrder(
        count, plan_.window, [&](std::int64_t i) { return RunImage(i); },
        [&](std::int64_t i, const Outcome& outcome) {
          Tell(inputs_.files[i], outcome);
          ReportProgress(i + 1);
          const bool failed = outcome.record.status == ImageStatus::kFailed;
          return failed && options_.on_failure == OnFailure::kStop ? Next::kStop : Next::kGoOn;
        });
  }

  // As many as this rank comes to do.
  void RunSomeImages() {
    std::int64_t num_finished = 0;
    together_->Report({.stage = FolderStage::kLabelling,
                       .images_done = 0,
                       .num_images = std::ssize(inputs_.files)});
    ForEachInOrder(
        std::ssize(inputs_.files), plan_.window,
        [&](std::int64_t) {
          const std::int64_t i = together_->NextImage();
          return i < std::ssize(inputs_.files) ? std::optional(std::pair(i, RunImage(i)))
                                               : std::nullopt;
        },
        [&](std::int64_t, const std::optional<std::pair<std::int64_t, Outcome>>& done) {
          if (!done) return Next::kStop;
          const auto& [i, outcome] = *done;
          RankOutcome told{outcome.record, outcome.kept, ""};
          if (observer_.words) told.words = observer_.words(ReportOf(inputs_.files[i], outcome));
          together_->Finish(i, told);
          together_->Report({.stage = FolderStage::kLabelling,
                             .images_done = ++num_finished,
                             .num_images = std::ssize(inputs_.files)});
          return Next::kGoOn;
        });
  }

  // What rank 0 does for all.
  FolderDesk Desk() {
    return {.append = [this](const ImageRecord& record) { manifest_->Append(record); },
            .tell =
                [this](std::int64_t i, const RankOutcome& told) {
                  const Outcome outcome{told.record, std::nullopt, told.kept};
                  if (!observer_.say) return Tell(inputs_.files[i], outcome);
                  Count(outcome);
                  observer_.say(told.words);
                },
            .progress = observer_.progress};
  }

  void Join(FolderRanks& together) {
    together_ = &together;
    fit_observer_ = {};
    fit_observer_.progress = [&together](const FolderProgress& progress) {
      together.Report(progress);
    };
  }

  void Append(const ImageRecord& record) {
    if (together_ != nullptr)
      together_->Append(record);
    else
      manifest_->Append(record);
  }

  // Of a run that stops before it labels anything.
  void RecordFailures() {
    for (const auto& [i, failure] : failures_) Tell(inputs_.files[i], RunImage(i));
  }

  Outcome RunImage(std::int64_t i) {
    const InputFile& file = inputs_.files[i];
    Outcome outcome;
    if (Resumes(options_.earlier))
      if (std::optional<ImageRecord> done = earlier_.Done(file, settings_))
        return {std::move(*done), std::nullopt, true};
    Stopwatch watch;
    outcome.record = NewRecord(file, ImageStatus::kFailed);
    if (const auto failure = failures_.find(i); failure != failures_.end())
      outcome.record.message = failure->second;
    else
      TryImage(i, outcome);
    outcome.record.seconds = watch.Seconds();
    if (outcome.record.status == ImageStatus::kDone)
      earlier_.RemoveFormer(file, outcome.record.outputs);
    Append(outcome.record);
    return outcome;
  }

  ImageRecord NewRecord(const InputFile& file, ImageStatus status) const {
    ImageRecord record;
    record.input = file.name;
    record.settings = settings_;
    record.status = status;
    return record;
  }

  void TryImage(std::int64_t i, Outcome& outcome) {
    const InputFile& file = inputs_.files[i];
    try {
      if (options_.output.outputs.empty()) {  // the shared model was all that is to be written
        outcome.record.status = ImageStatus::kDone;
        return;
      }
      outcome.result = RunJob(file, plan_.IsScene(i));
      if (result_.model_kept && earlier_.HadOther(file, outcome.result->hash))
        outcome.result->warnings.push_back(
            "it, or what goes with it, has changed since the model that is kept was fitted; "
            "--refit "
            "fits anew");
      Describe(file, *outcome.result, outcome.record);
    } catch (const std::bad_alloc&) {
      outcome.record.message = file.path + ": not enough memory; scale the image down";
    } catch (const IoError& error) {
      outcome.record.message = error.what();
    } catch (const std::exception& error) {
      const std::string message = error.what();
      outcome.record.message =
          message.find(file.path) == message.npos ? file.path + ": " + message : message;
    }
  }

  JobResult RunJob(const InputFile& file, bool is_scene) {
    OutputOptions output = options_.output;
    output.directory = MakeFolder(top_, file.folder).string();
    output.report_part = file.folder;
    output.stem = file.stem;
    if (const auto inputs = inputs_in_.find(PlainPath(output.directory));
        inputs != inputs_in_.end())
      output.keep.insert(output.keep.end(), inputs->second.begin(), inputs->second.end());
    output.before_commit = [&](const std::vector<std::string>& names) {
      if (Resumes(options_.earlier)) earlier_.RequireKnown(file, names);
      ImageRecord writing = NewRecord(file, ImageStatus::kWriting);
      writing.outputs = Below(file, names);
      Append(writing);
    };
    const JobInput input = JobInputOf(file);
    if (is_scene) return RunScene(input, std::move(output));
    if (options_.regions) return RunRegionJob(input, *options_.regions, output);
    // Without a model that others have, an image is segmented by itself: it has no data.
    if (options_.source == ModelSource::kSeparate || !options_.model)
      return RunSegmentJob(input, options_.segment, output);
    if (options_.source == ModelSource::kMatched)
      return RunMatchJob(input, options_.segment, *options_.model, output);
    return RunApplyJob(input, *options_.model, output, {}, options_.segment.smooth);
  }

  // What of the outputs needs the whole image is left out, with a word.
  JobResult RunScene(const JobInput& input, OutputOptions output) {
    std::string left_out;
    const OutputSet asked = output.outputs;
    for (const Output kind : asked)
      if (!SceneOutputSet().contains(kind)) {
        output.outputs.erase(kind);
        if (!output.if_possible.contains(kind))
          left_out += (left_out.empty() ? "" : ", ") + std::string(ToString(kind));
      }
    const SceneOptions scene{
        .memory = plan_.scene_memory,
        .full_passes = options_.full_passes,
        .plan = {},
        .earlier = Resumes(options_.earlier) ? EarlierPass::kGoOn : EarlierPass::kForget};
    const bool fits = options_.source == ModelSource::kSeparate || !options_.model;
    JobResult result =
        fits ? RunSceneJob(input, options_.segment, output, scene)
             : RunSceneJob(input, *options_.model, options_.segment.smooth, output, scene);
    if (!left_out.empty())
      result.warnings.push_back("it was read part by part, without " + left_out +
                                ", which need the whole image");
    return result;
  }

  static std::vector<std::string> Below(const InputFile& file,
                                        const std::vector<std::string>& names) {
    std::vector<std::string> outputs;
    for (const std::string& name : names)
      outputs.push_back((fs::path(file.folder) / name).string());
    return outputs;
  }

  void Describe(const InputFile& file, const JobResult& result, ImageRecord& record) const {
    record.status = ImageStatus::kDone;
    record.hash = result.hash;
    record.outputs = Below(file, result.files);
    for (const std::string& output : record.outputs)
      record.output_bytes.push_back(fs::file_size(top_ / output));
    record.log_likelihood = result.log_likelihood;
    record.drift = result.drift;
    record.match_confidence = result.match_confidence;
    record.warnings = result.warnings;
    for (const ClassEntry& entry : result.classes) record.shares.push_back(entry.share);
    if (result.regions) {
      record.num_regions = result.regions->num_regions;
      record.all_components = result.regions->as_asked;
      return;
    }
    if (!FitsEachImage(options_.source) || result.num_valid == 0) return;
    record.converged = result.model.fit.converged();
    record.all_components = result.model.fit.has_all_components();
  }

  void Tell(const InputFile& file, const Outcome& outcome) {
    Count(outcome);
    if (observer_.image) observer_.image(ReportOf(file, outcome));
  }

  ImageReport ReportOf(const InputFile& file, const Outcome& outcome) const {
    return {file, outcome.record, outcome.result ? &*outcome.result : nullptr, outcome.kept,
            options_.source};
  }

  void Count(const Outcome& outcome) {
    const ImageRecord& record = outcome.record;
    const bool done = record.status == ImageStatus::kDone;
    ++(outcome.kept ? result_.num_kept : done ? result_.num_done : result_.num_failed);
    if (record.drift && record.drift->flagged()) ++result_.num_drifted;
    if (!record.converged) ++result_.num_unconverged;
    if (!record.all_components) ++result_.num_with_dropped;
  }

  // The images are done in any case.
  void Report() try {
    if (!WantsReport(options_)) return;
    WriteFolderPage(top_, {.inputs = inputs_,
                           .options = options_,
                           .manifest = ReadManifest(top_).value_or(Manifest()),
                           .settings = settings_,
                           .model = ModelForPage(),
                           .warnings = result_.warnings});
  } catch (const IoError& error) {
    result_.report_failure = error.what();
  }

  const Model* ModelForPage() const {
    if (result_.model) return &*result_.model;
    return options_.model ? &*options_.model : nullptr;
  }

  void ReportProgress(std::int64_t images_done) const {
    if (observer_.progress)
      observer_.progress({.stage = FolderStage::kLabelling,
                          .images_done = images_done,
                          .num_images = std::ssize(inputs_.files)});
  }

  const InputList& inputs_;
  OutputSet asked_;
  std::vector<std::string> shared_names_;
  FolderOptions options_;
  const FolderObserver& observer_;
  FolderObserver fit_observer_;  // of ranks, whom each tells of the shared model's fit
  Ranks* ranks_;
  FolderRanks* together_ = nullptr;  // of ranks
  fs::path top_;
  WorkPlan plan_;
  EarlierRuns earlier_;
  std::optional<ManifestFile> manifest_;
  std::map<std::int64_t, std::string> failures_;  // while the shared model was fitted
  std::string settings_;
  // By folder: where folders are searched for stale outputs, an input is none, whatever its name.
  std::map<fs::path, std::vector<std::string>> inputs_in_;
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
