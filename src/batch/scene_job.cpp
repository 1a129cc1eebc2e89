#include <gmmseg/drift.h>
#include <gmmseg/errors.h>
#include <gmmseg/scene_job.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/filesystem/path.hpp>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <sstream>
#include <utility>

#include "base/hash.h"
#include "base/share.h"
#include "base/stopwatch.h"
#include "base/text.h"
#include "batch/fit_outputs.h"
#include "batch/job_frame.h"
#include "batch/job_settings.h"
#include "batch/label_scene.h"
#include "batch/model_outputs.h"
#include "batch/output_names.h"
#include "batch/rank_progress.h"
#include "batch/scene_hash.h"
#include "batch/scene_journal.h"
#include "batch/warnings.h"
#include "batch/write_maps.h"
#include "features/band_projection.h"
#include "io/map_reader.h"
#include "io/model_format.h"
#include "io/staged_file.h"
#include "segment/applicable.h"
#include "segment/potts_strength.h"
#include "segment/smooth.h"
#include "stream/fit_scene.h"

namespace gmmseg {
namespace fs = boost::filesystem;
namespace {

constexpr std::int64_t kMegabyte = std::int64_t{1} << 20;

// What is asked, of a fit or of a model that is there.
struct SceneRequest {
  const SegmentOptions* fit = nullptr;
  const Model* applied = nullptr;
  const SmoothOptions& smooth;
};

void CheckRequest(const JobInput& input, const FeatureSpec& features, const OutputOptions& output,
                  const Ranks* ranks) {
  const auto refuse = [ranks](bool asked, const std::string& what) {
    if (asked)
      throw ParameterError(what + " needs the whole raster at once, which " +
                           (ranks == nullptr
                                ? "is more than the memory allows; give more of it, or leave that "
                                  "away"
                                : "no rank reads; leave that away, or run segment"));
  };
  refuse(features.position_weight > 0, "position");
  refuse(features.texture == Texture::kOn, "texture");
  refuse(!input.mask.empty(), "a mask");
  refuse(!input.weight_map.empty(), "a weight map");
  refuse(!input.scribbles.empty(), "scribbles");
  if (output.naming == Naming::kBids)
    throw ParameterError(input.image +
                         ": is no volume, and BIDS names volumes; leave naming plain");
  for (const Output kind : output.outputs)
    refuse(!SceneOutputSet().contains(kind), "the output " + std::string(ToString(kind)));
}

std::int64_t PeakBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * 1024;
}

// As its file has it: a run that goes on with that labels alike.
struct SceneModel {
  Model model;
  std::string text;    // of the file; empty where there is no class
  std::string record;  // of a new fit, for a run that goes on
};

class Scene {
 public:
  Scene(const JobFrame& frame, const SceneRequest& request, const SceneOptions& options)
      : frame_(frame),
        request_(request),
        options_(options),
        reader_(OpenBlocks(frame.input.image, frame.input.read)),
        cells_(*reader_) {}

  void Run(const StageFolder& folder, JobResult& result) {
    SegmentOptions settings = request_.fit ? *request_.fit : AppliedSettings();
    settings.fit.ranks = frame_.ranks;
    if (request_.applied) CheckApplicable(reader_->Read({0, 0, 1, 1}), *request_.applied);
    const ScenePlan plan = Plan(settings);
    if (options_.plan && IsFirst(frame_.ranks)) options_.plan(Sentence(plan, settings));
    const BlockCacheLimit cache(plan.cache_bytes);
    result.scene.emplace();
    result.scene->planned_bytes = plan.bytes;
    // Beside the first pass.
    SceneHash hash(frame_.input, frame_.ranks);
    SceneJournal journal(frame_.directory() / JournalName(frame_.stem()), hash.alone());
    const bool is_kept = IsKept(frame_);
    if (is_kept && options_.earlier == EarlierPass::kGoOn)
      journal.Find();
    else if (IsFirst(frame_.ranks))
      journal.Forget();
    Stopwatch watch;
    SceneModel scene = FindModel(plan, settings, hash, journal, result);
    result.seconds.fit = watch.Lap();
    const fs::path& stage = folder();
    if (is_kept) journal.Begin();
    if (!scene.record.empty())
      journal.Put(SceneJournal::Kind::kFit, FitKey(settings), scene.record);
    const SceneSums sums =
        LabelScene(cells_, plan, scene.model, request_.smooth, frame_, stage, journal);
    if (frame_.Wants(Output::kModel) && !scene.text.empty() && IsFirst(frame_.ranks))
      WriteStagedFile(
          (stage / OutputName(frame_.stem(), Output::kModel, OutputKind::kMap)).string(),
          scene.text);
    SetFacts(sums, scene.model, result);
    result.hash = hash.Get();
    result.seconds.labels = watch.Lap();
    result.model = std::move(scene.model);
    result.scene->peak_bytes = PeakBytes();
  }

 private:
  ScenePlan Plan(const SegmentOptions& settings) const {
    const RasterInfo& info = cells_.info();
    const int num_components = settings.most_classes();
    try {
      return PlanScene(
          info, settings, num_components,
          OutputsPerPixel(frame_.output.outputs, request_.smooth, num_components, info.num_bands),
          options_.memory);
    } catch (const MemoryError& error) {
      throw MemoryError(frame_.input.image + ": " + error.what());
    }
  }

  SegmentOptions AppliedSettings() const {
    SegmentOptions settings;
    settings.features = request_.applied->features.spec;
    settings.fit.num_components = request_.applied->mixture().num_components();
    return settings;
  }

  std::string Sentence(const ScenePlan& plan, const SegmentOptions& settings) const {
    const RasterInfo& info = cells_.info();
    std::string text = Format(
        "%lld x %lld pixels of %s in %lld cells, %d at a time; blocks of the file: %lld x %lld, "
        "%lld MB of them; at most %lld MB in all; ",
        static_cast<long long>(info.width), static_cast<long long>(info.height),
        Count(info.num_bands, "band", "bands").c_str(), static_cast<long long>(cells_.size()),
        plan.cells_at_a_time, static_cast<long long>(info.block_width),
        static_cast<long long>(info.block_height),
        static_cast<long long>(plan.cache_bytes / kMegabyte),
        static_cast<long long>(plan.bytes / kMegabyte));
    const std::string labels = NeedsPottsStrength(request_.smooth)
                                   ? "1 for the strength of the smoothing and 1 for the labels"
                                   : "1 for the labels";
    if (SmoothReach(request_.smooth) > 0)
      text += Format("labels by %lld pixels around each cell; ",
                     static_cast<long long>(SmoothReach(request_.smooth)));
    if (request_.applied) return text + "of passes " + labels;
    if (LacksProjection(settings.features)) text += "1 pass for the principal components; ";
    const bool may_be_exact = plan.pool.content == FeaturePool::Content::kColors;
    const std::string sampled = Format(
        "1 pass for a sample, %s on all pixels, %s",
        options_.full_passes > 0 ? ("at most " + std::to_string(options_.full_passes + 1)).c_str()
                                 : "none",
        labels.c_str());
    if (!may_be_exact) return text + sampled;
    return text +
           Format("1 pass for the colours, if they fit into %lld MB, and %s; else ",
                  static_cast<long long>(plan.pool_bytes / kMegabyte), labels.c_str()) +
           sampled;
  }

  // What decides the fit but for the image. Not the memory: a fit within more or less of it is as
  // good, as that of a folder's model is.
  std::string FitKey(const SegmentOptions& settings) const {
    return ContentHash(FitSettingsText(settings) +
                       " full_passes=" + std::to_string(options_.full_passes) + " " + InputName());
  }

  std::string InputName() const { return fs::path(frame_.input.image).filename().string(); }

  // The one that is applied, or that an earlier run fitted, or a new one.
  SceneModel FindModel(const ScenePlan& plan, const SegmentOptions& settings, SceneHash& hash,
                       SceneJournal& journal, JobResult& result) {
    if (request_.applied) return {*request_.applied, ModelText(*request_.applied), ""};
    if (const auto kept = journal.Take(SceneJournal::Kind::kFit, FitKey(settings)))
      return FromRecord(*kept, result);
    SceneFit fit = Fit(plan, settings);
    result.scene->exact = fit.exact;
    result.scene->num_sampled = fit.num_sampled;
    result.scene->num_passes = fit.num_passes;
    fit.model.inputs = {{InputName(), hash.Get()}};
    if (fit.model.classes.empty()) return {std::move(fit.model), "", ""};
    const std::string record =
        Format("%d %lld %d\n", static_cast<int>(fit.exact), static_cast<long long>(fit.num_sampled),
               fit.model.fit.num_distinct) +
        ModelText(fit.model);
    SceneModel scene = FromRecord(record, result);
    scene.record = record;
    return scene;
  }

  // What no model file says stands in the record's first line.
  SceneModel FromRecord(const std::string& record, JobResult& result) const {
    int num_distinct = 0;
    std::istringstream facts(record);
    facts >> result.scene->exact >> result.scene->num_sampled >> num_distinct;
    SceneModel scene;
    scene.text = record.substr(record.find('\n') + 1);
    scene.model =
        ParseModel(frame_.input.image,
                   {reinterpret_cast<const unsigned char*>(scene.text.data()), scene.text.size()});
    scene.model.fit.num_distinct = num_distinct;
    return scene;
  }

  SceneFit Fit(const ScenePlan& plan, SegmentOptions settings) {
    settings.smooth = {};  // the classes are, not the fit
    SceneObserver observer;
    const std::int64_t all = cells_.info().width * cells_.info().height;
    observer.pixels = [&](std::int64_t done, bool refines) {
      frame_.Report({.stage = refines ? JobStage::kRefining : JobStage::kReading,
                     .pixels_done = done,
                     .num_pixels = all});
    };
    observer.fit = [&](int iteration, double log_likelihood) {
      if (settings.fit.progress) settings.fit.progress(iteration, log_likelihood);
      frame_.Report({JobStage::kFitting, iteration, log_likelihood});
    };
    return FitScene(cells_, plan, settings, options_.full_passes, observer);
  }

  void SetFacts(const SceneSums& sums, const Model& model, JobResult& result) const {
    const RasterInfo& info = cells_.info();
    result.width = info.width;
    result.height = info.height;
    result.num_bands = info.num_bands;
    result.num_valid = sums.tally.num_valid;
    result.smoothing = sums.smoothing;
    result.scene->num_passes += sums.num_passes;
    result.scene->cells_resumed = sums.num_resumed;
    result.scene->cut_margin = sums.cut_margin;
    result.classes = model.classes;
    for (std::size_t k = 0; k < sums.pixels.size(); ++k)
      result.classes[k].share =
          static_cast<double>(sums.pixels[k]) /
          static_cast<double>(std::max<std::int64_t>(1, sums.tally.num_valid));
    if (sums.tally.num_valid > 0)
      result.log_likelihood =
          sums.tally.log_likelihood.ToDouble() / static_cast<double>(sums.tally.num_valid);
    if (NeedsAnomalies(frame_.output.outputs)) result.anomalies = sums.tally.anomalies;
    if (request_.applied && sums.tally.tells_drift)
      result.drift =
          Drift{sums.tally.num_unlikely.ToDouble() / static_cast<double>(sums.tally.num_valid),
                ShareDistance(result.classes, model.classes)};
  }

  const JobFrame& frame_;
  const SceneRequest& request_;
  const SceneOptions& options_;
  std::unique_ptr<BlockReader> reader_;
  CellReader cells_;
};

JobResult Run(const JobFrame& asked, const SceneRequest& request, const SceneOptions& options) {
  RankProgress progress(options.ranks, asked.observer);
  const JobObserver observer = progress.Observer();
  const JobFrame frame{.input = asked.input,
                       .output = asked.output,
                       .observer = observer,
                       .classes = asked.classes,
                       .can_be_stale = asked.can_be_stale,
                       .ranks = options.ranks};
  return RunStaged(frame, [&](const StageFolder& folder, JobResult& result) {
    try {
      Scene(frame, request, options).Run(folder, result);
    } catch (const std::bad_alloc&) {
      throw MemoryError(frame.input.image +
                        ": the machine has less memory than the plan allows for; give a smaller "
                        "--memory, or ask for fewer outputs");
    }
    result.warnings = WarningsOf(result, request.fit ? &request.fit->fit : nullptr);
  });
}

}  // namespace

OutputSet SceneOutputSet() {
  OutputSet outputs = MapOutputKinds();
  outputs.insert(Output::kModel);
  return outputs;
}

OutputSet DefaultSceneOutputs() { return {Output::kLabels, Output::kUncertainty, Output::kModel}; }

JobResult RunSceneJob(const JobInput& input, const SegmentOptions& options,
                      const OutputOptions& output, const SceneOptions& scene,
                      const JobObserver& observer) {
  CheckChoice(options);
  CheckClassNames(options.class_names, options.most_classes());
  const SceneRequest request{&options, nullptr, options.smooth};
  CheckRequest(input, options.features, output, scene.ranks);
  if (options.tissues)
    throw ParameterError(
        "a preset of tissues, which are of volumes; leave it away for a raster that is read part "
        "by part");
  CheckModelOutputs(output, options.features);
  return Run({.input = input,
              .output = output,
              .observer = observer,
              .classes = {options.most_classes(), options.class_names}},
             request, scene);
}

JobResult RunSceneJob(const JobInput& input, const Model& model, const SmoothOptions& smooth,
                      const OutputOptions& output, const SceneOptions& scene,
                      const JobObserver& observer) {
  const SceneRequest request{nullptr, &model, smooth};
  CheckRequest(input, model.features.spec, output, scene.ranks);
  CheckModelOutputs(output, model);
  OutputSet can_be_stale = AllOutputs();
  can_be_stale.erase(Output::kModel);
  return Run({.input = input,
              .output = output,
              .observer = observer,
              .classes = KnownClassesOf(model),
              .can_be_stale = can_be_stale},
             request, scene);
}

}  // namespace gmmseg
