#include <gmmseg/drift.h>
#include <gmmseg/errors.h>
#include <gmmseg/model_io.h>
#include <gmmseg/scene_job.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/filesystem/path.hpp>
#include <future>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "base/stopwatch.h"
#include "base/text.h"
#include "batch/fit_outputs.h"
#include "batch/job_frame.h"
#include "batch/label_scene.h"
#include "batch/model_outputs.h"
#include "batch/output_names.h"
#include "batch/warnings.h"
#include "batch/write_maps.h"
#include "features/band_projection.h"
#include "io/map_reader.h"
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

void Refuse(bool asked, const std::string& what) {
  if (asked)
    throw ParameterError(what +
                         " needs the whole raster at once, which is more than the memory "
                         "allows; give more of it, or leave that away");
}

void CheckRequest(const JobInput& input, const FeatureSpec& features, const OutputOptions& output) {
  Refuse(features.position_weight > 0, "position");
  Refuse(features.texture == Texture::kOn, "texture");
  Refuse(!input.mask.empty(), "a mask");
  Refuse(!input.weight_map.empty(), "a weight map");
  Refuse(!input.scribbles.empty(), "scribbles");
  for (const Output kind : output.outputs)
    Refuse(!SceneOutputSet().contains(kind), "the output " + std::string(ToString(kind)));
}

std::int64_t PeakBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * 1024;
}

class Scene {
 public:
  Scene(const JobFrame& frame, const SceneRequest& request, const SceneOptions& options)
      : frame_(frame),
        request_(request),
        options_(options),
        reader_(OpenBlocks(frame.input.image, frame.input.read)),
        cells_(*reader_) {}

  void Run(const StageFolder& folder, JobResult& result) {
    const SegmentOptions settings = request_.fit ? *request_.fit : AppliedSettings();
    if (request_.applied) CheckApplicable(reader_->Read({0, 0, 1, 1}), *request_.applied);
    const ScenePlan plan = Plan(settings);
    if (options_.plan) options_.plan(Sentence(plan, settings));
    const BlockCacheLimit cache(plan.cache_bytes);
    result.scene.emplace();
    result.scene->planned_bytes = plan.bytes;
    // Beside the first pass.
    std::future<std::string> hash = std::async(
        std::launch::async, [this] { return HashImage(frame_.input.image, frame_.input.read); });
    Stopwatch watch;
    Model model = request_.applied ? *request_.applied : Fit(plan, settings, result);
    if (!request_.applied) {
      result.hash = hash.get();
      model.inputs = {{fs::path(frame_.input.image).filename().string(), result.hash}};
    }
    result.seconds.fit = watch.Lap();
    const fs::path& stage = folder();
    const SceneSums sums = LabelScene(cells_, plan, model, request_.smooth, frame_, stage);
    if (frame_.Wants(Output::kModel) && !model.classes.empty())
      WriteModel((stage / OutputName(frame_.stem(), Output::kModel, OutputKind::kMap)).string(),
                 model);
    SetFacts(sums, model, result);
    if (request_.applied) result.hash = hash.get();
    result.seconds.labels = watch.Lap();
    result.model = std::move(model);
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

  Model Fit(const ScenePlan& plan, SegmentOptions settings, JobResult& result) {
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
    SceneFit fit = FitScene(cells_, plan, settings, options_.full_passes, observer);
    result.scene->exact = fit.exact;
    result.scene->num_sampled = fit.num_sampled;
    result.scene->num_passes = fit.num_passes;
    return std::move(fit.model);
  }

  void SetFacts(const SceneSums& sums, const Model& model, JobResult& result) const {
    const RasterInfo& info = cells_.info();
    result.width = info.width;
    result.height = info.height;
    result.num_bands = info.num_bands;
    result.num_valid = sums.num_valid;
    result.smoothing = sums.smoothing;
    result.scene->num_passes += sums.num_passes;
    result.classes = model.classes;
    for (std::size_t k = 0; k < sums.pixels.size(); ++k)
      result.classes[k].share = static_cast<double>(sums.pixels[k]) /
                                static_cast<double>(std::max<std::int64_t>(1, sums.num_valid));
    if (sums.num_valid > 0)
      result.log_likelihood = sums.log_likelihood / static_cast<double>(sums.num_valid);
    if (NeedsAnomalies(frame_.output.outputs)) result.anomalies = sums.anomalies;
    if (request_.applied && sums.tells_drift)
      result.drift = Drift{sums.num_unlikely / static_cast<double>(sums.num_valid),
                           ShareDistance(result.classes, model.classes)};
  }

  const JobFrame& frame_;
  const SceneRequest& request_;
  const SceneOptions& options_;
  std::unique_ptr<BlockReader> reader_;
  CellReader cells_;
};

JobResult Run(const JobFrame& frame, const SceneRequest& request, const SceneOptions& options) {
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
  CheckRequest(input, options.features, output);
  CheckModelOutputs(output, options.features);
  return Run({.input = input,
              .output = output,
              .observer = observer,
              .num_classes = options.most_classes()},
             request, scene);
}

JobResult RunSceneJob(const JobInput& input, const Model& model, const SmoothOptions& smooth,
                      const OutputOptions& output, const SceneOptions& scene,
                      const JobObserver& observer) {
  const SceneRequest request{nullptr, &model, smooth};
  CheckRequest(input, model.features.spec, output);
  CheckModelOutputs(output, model);
  OutputSet can_be_stale = AllOutputs();
  can_be_stale.erase(Output::kModel);
  return Run({.input = input,
              .output = output,
              .observer = observer,
              .num_classes = static_cast<int>(model.classes.size()),
              .can_be_stale = can_be_stale},
             request, scene);
}

}  // namespace gmmseg
