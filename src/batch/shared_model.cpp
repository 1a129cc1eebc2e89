#include "batch/shared_model.h"

#include <gmmseg/errors.h>

#include <algorithm>
#include <functional>
#include <new>
#include <utility>
#include <variant>

#include "base/ordered_pipeline.h"
#include "batch/load_input.h"
#include "features/band_projection.h"
#include "features/effective_samples.h"
#include "features/samples_like.h"
#include "render/convergence.h"
#include "render/report.h"
#include "stream/parts_source.h"

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

constexpr int kMostPasses = 3;  // over all images, after one that tells where the model stands

// From images to a model, step by step.
class SharedModelFit {
 public:
  SharedModelFit(const InputList& inputs, const FolderOptions& options, const OutputSet& asked,
                 const SharedPlan& plan, int window, const FolderObserver& observer)
      : inputs_(inputs),
        options_(options),
        asked_(asked),
        plan_(plan),
        spec_(plan.spec),
        window_(window),
        observer_(observer),
        pool_(plan.spec, plan.pool) {
    progress_.num_images = std::ssize(inputs.files);
  }

  SharedFit Run() {
    if (LacksProjection(spec_)) FindProjection();
    Gather();
    if (!stopped_ && !pool_.empty()) Fit();
    return std::move(shared_);
  }

 private:
  // Of all images' pixels. What cannot be read, or has other bands, says so when it is gathered.
  void FindProjection() {
    Eigen::MatrixXd moments;
    ForEachInOrder(
        std::ssize(inputs_.files), window_, [&](std::int64_t i) { return MomentsOf(i); },
        [&](std::int64_t i, const Eigen::MatrixXd& of_image) {
          if (moments.size() == 0)
            moments = of_image;
          else if (moments.size() == of_image.size())
            moments += of_image;
          Report(FolderStage::kGathering, i + 1);
          return Next::kGoOn;
        });
    if (moments.size() == 0) return;
    spec_.projection = PrincipalBands(moments, spec_.num_principal);
    pool_ = FeaturePool(spec_, plan_.pool);
  }

  Eigen::MatrixXd MomentsOf(std::int64_t i) const {
    return Attempt<Eigen::MatrixXd>(i,
                                    [this](const Raster& raster) {
                                      DescribeFeatures(raster, spec_);
                                      return BandMoments(raster, spec_.scale);
                                    })
        .value_or(Eigen::MatrixXd());
  }

  void Gather() {
    Report(FolderStage::kGathering, 0);
    std::optional<FeatureSpec> spec;
    if (NeedsEffectiveSamples(options_.segment)) spec = spec_;
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
    const Parts images{.count = std::ssize(inputs_.files),
                       .window = window_,
                       .samples = [&](std::int64_t i) { return SamplesOf(i, planes); },
                       .done = [&](std::int64_t i) { Report(FolderStage::kRefining, i + 1); }};
    return RefineOnParts(std::move(fit), images, planes, options_.segment, kMostPasses,
                         trace_length)
        .fit;
  }

  std::optional<Samples> SamplesOf(std::int64_t i, const FeaturePlanes& like) const {
    if (shared_.failures.contains(i)) return std::nullopt;
    return Attempt<Samples>(i, [&](const Raster& raster) {
      return SamplesLike(raster, like.layout, like.samples.standardization(),
                         like.samples.weight_unit());
    });
  }

  // What is made of an image's raster, if that can be.
  template <typename Result, typename Make>
  std::optional<Result> Attempt(std::int64_t i, const Make& make) const {
    try {
      return make(LoadInput(JobInputOf(inputs_.files[i])).raster);
    } catch (const Error&) {
      return std::nullopt;
    } catch (const std::bad_alloc&) {
      return std::nullopt;
    }
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
  FeatureSpec spec_;
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
