#include "batch/shared_model.h"

#include <gmmseg/errors.h>

#include <algorithm>
#include <functional>
#include <new>
#include <utility>
#include <variant>

#include "base/ordered_pipeline.h"
#include "batch/load_input.h"
#include "features/effective_samples.h"
#include "features/samples_like.h"
#include "mixture/missing.h"
#include "mixture/refine.h"
#include "render/convergence.h"
#include "render/report.h"
#include "segment/scribbled_start.h"

namespace gmmseg {
namespace {

struct ReadPart {
  FeaturePool::Part part;
  std::string hash;
  double num_effective = 0;  // where K is to be chosen
};
using PartOrFailure = std::variant<ReadPart, std::string>;

std::uint64_t Identity(const std::string& hash) {
  std::uint64_t identity = 0;
  for (const unsigned char c : hash) identity = identity * 131 + c;
  return identity;
}

// Without a spec nobody asks for the effective samples.
PartOrFailure Extract(const InputFile& file, const FeaturePool& pool,
                      const std::optional<FeatureSpec>& spec) {
  try {
    const LoadedImage image = LoadInput(JobInputOf(file));
    ReadPart read{pool.Extract(image.raster, Identity(image.hash)), image.hash};
    if (spec)
      read.num_effective = EffectiveSamples(image.raster, ComputeFeatures(image.raster, *spec));
    return read;
  } catch (const IoError& error) {
    return error.what();
  } catch (const ParameterError& error) {
    return file.path + ": " + error.what();
  } catch (const std::bad_alloc&) {
    return file.path + ": not enough memory";
  }
}

// All pixels of all images, read anew for every look at them. An image that cannot be read any more
// is left out from then on.
class ImagesSource : public StatsSource {
 public:
  ImagesSource(const InputList& inputs, const FeatureLayout& layout, const Samples& like,
               FitMethod method, int window, std::vector<char> left_out,
               const std::function<void(std::int64_t images_done)>& report)
      : inputs_(inputs),
        layout_(layout),
        like_(like),
        method_(method),
        window_(window),
        left_out_(std::move(left_out)),
        report_(report) {}

  MixtureStats Accumulate(const GaussianMixture& model) override {
    MixtureStats total(model);
    ForEachInOrder(
        std::ssize(inputs_.files), window_,
        [&](std::int64_t i) { return left_out_[i] ? std::nullopt : StatsOf(i, model); },
        [&](std::int64_t i, const std::optional<MixtureStats>& stats) {
          if (stats)
            total += *stats;
          else
            left_out_[i] = true;
          report_(i + 1);
          return Next::kGoOn;
        });
    return total;
  }

  WorstSample FindWorst(const GaussianMixture&) override { return {}; }

 private:
  std::optional<MixtureStats> StatsOf(std::int64_t i, const GaussianMixture& model) const {
    const InputFile& file = inputs_.files[i];
    try {
      const Samples samples = SamplesLike(LoadInput(JobInputOf(file)).raster, layout_,
                                          like_.standardization(), like_.weight_unit());
      return MakeSource(samples, method_)->Accumulate(model);
    } catch (const Error&) {
      return std::nullopt;
    } catch (const std::bad_alloc&) {
      return std::nullopt;
    }
  }

  const InputList& inputs_;
  const FeatureLayout& layout_;
  const Samples& like_;  // whose standardisation and unit of weights all have
  FitMethod method_;
  int window_;
  std::vector<char> left_out_;  // by image
  const std::function<void(std::int64_t images_done)>& report_;
};

// Beyond this gain per pixel, another reading of all images pays.
constexpr double kGain = 1e-4;
constexpr int kMostPasses = 3;

// From images to a model, step by step.
class SharedModelFit {
 public:
  SharedModelFit(const InputList& inputs, const FolderOptions& options, const OutputSet& asked,
                 const SharedPlan& plan, int window, const FolderObserver& observer)
      : inputs_(inputs),
        options_(options),
        asked_(asked),
        plan_(plan),
        window_(window),
        observer_(observer),
        pool_(plan.spec, plan.pool) {
    progress_.num_images = std::ssize(inputs.files);
  }

  SharedFit Run() {
    Gather();
    if (!stopped_ && !pool_.empty()) Fit();
    return std::move(shared_);
  }

 private:
  void Gather() {
    Report(FolderStage::kGathering, 0);
    std::optional<FeatureSpec> spec;
    if (options_.segment.choose) spec = plan_.spec;
    ForEachInOrder(
        std::ssize(inputs_.files), window_,
        [&](std::int64_t i) { return Extract(inputs_.files[i], pool_, spec); },
        [&](std::int64_t i, PartOrFailure& result) {
          if (stopped_) return Next::kStop;  // begun before it was known
          Add(i, std::move(result));
          Report(FolderStage::kGathering, i + 1);
          stopped_ = !shared_.failures.empty() && options_.on_failure == OnFailure::kStop;
          return stopped_ ? Next::kStop : Next::kGoOn;
        });
  }

  void Add(std::int64_t i, PartOrFailure result) {
    const InputFile& file = inputs_.files[i];
    if (auto* failure = std::get_if<std::string>(&result)) {
      shared_.failures[i] = std::move(*failure);
      return;
    }
    ReadPart& read = std::get<ReadPart>(result);
    try {
      pool_.Add(std::move(read.part));
      num_effective_ += read.num_effective;
      training_.push_back({file.name, read.hash});
    } catch (const ParameterError& error) {
      shared_.failures[i] = file.path + ": " + error.what();
    }
  }

  void Fit() {
    SegmentOptions segment = options_.segment;
    segment.smooth = {};  // each image's classes are, by the model
    FeaturePlanes planes = pool_.Take();
    const bool draws = asked_.contains(Output::kConvergence);
    if (draws) shared_.cloud = CloudOf(planes.samples, kConvergencePoints);
    if (draws || asked_.contains(Output::kReport))
      segment.fit.trace_length =
          TraceLength(segment.num_components(), planes.samples.num_features(), kPreviewOfOne);
    Report(FolderStage::kFitting, progress_.num_images);
    segment.fit.progress = [&](int iteration, double log_likelihood) {
      progress_.iteration = iteration;
      progress_.log_likelihood = log_likelihood;
      Report(FolderStage::kFitting, progress_.num_images);
    };
    RefineFunction refine;
    if (plan_.pool.content == FeaturePool::Content::kSample)
      refine = [&](FitResult fit, const FeaturePlanes& sample) {
        return Refine(std::move(fit), sample, segment.fit.trace_length);
      };
    shared_.model = FitModel(std::move(planes), segment, refine, num_effective_);
    shared_.model->inputs = std::move(training_);
  }

  FitResult Refine(FitResult fit, const FeaturePlanes& planes, int trace_length) {
    std::vector<char> left_out(inputs_.files.size());
    for (const auto& [i, failure] : shared_.failures) left_out[i] = true;
    const std::function<void(std::int64_t)> report = [&](std::int64_t images_done) {
      Report(FolderStage::kRefining, images_done);
    };
    ImagesSource images(inputs_, planes.layout, planes.samples, fit.method, window_,
                        std::move(left_out), report);
    FitOptions all;
    all.floor = options_.segment.floor == Floor::kOn ? planes.floor : Eigen::MatrixXd();
    all.tolerance = kGain;
    all.known = KnownComponents(planes, options_.segment);
    all.freeze = options_.segment.fit.freeze;
    all.trace_length = trace_length;
    all.max_iterations = std::min(kMostPasses, options_.segment.fit.max_iterations);
    return RefineFit(std::move(fit), images, planes.samples.standardization(),
                     planes.samples.weight_unit(), static_cast<double>(planes.num_valid), all);
  }

  void Report(FolderStage stage, std::int64_t images_done) {
    progress_.stage = stage;
    progress_.images_done = images_done;
    if (observer_.progress) observer_.progress(progress_);
  }

  const InputList& inputs_;
  const FolderOptions& options_;
  const OutputSet& asked_;
  const SharedPlan& plan_;
  int window_;
  const FolderObserver& observer_;
  FeaturePool pool_;
  double num_effective_ = 0;  // the sum of the images'
  FolderProgress progress_;
  std::vector<TrainingInput> training_;
  bool stopped_ = false;
  SharedFit shared_;
};

}  // namespace

SharedFit FitSharedModel(const InputList& inputs, const FolderOptions& options,
                         const OutputSet& asked, const SharedPlan& plan, int window,
                         const FolderObserver& observer) {
  return SharedModelFit(inputs, options, asked, plan, window, observer).Run();
}

}  // namespace gmmseg
