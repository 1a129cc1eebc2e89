#include "batch/shared_model.h"

#include <gmmseg/errors.h>

#include <algorithm>
#include <functional>
#include <new>
#include <utility>
#include <variant>

#include "base/ordered_pipeline.h"
#include "base/tree_sum.h"
#include "batch/input_parts.h"
#include "features/band_projection.h"
#include "features/effective_samples.h"
#include "features/samples_like.h"
#include "io/map_reader.h"
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

// What `work` returns, or why it could not be had.
template <typename Work>
PartOrFailure Try(const std::string& path, const Work& work) {
  try {
    return work();
  } catch (const IoError& error) {
    return error.what();
  } catch (const ParameterError& error) {
    return path + ": " + error.what();
  } catch (const std::bad_alloc&) {
    return path + ": not enough memory";
  }
}

// From images to a model, step by step.
class SharedModelFit {
 public:
  SharedModelFit(const InputList& inputs, const FolderOptions& options, const OutputSet& asked,
                 const WorkPlan& work, const FolderObserver& observer)
      : inputs_(inputs),
        options_(options),
        asked_(asked),
        plan_(work.shared),
        spec_(plan_.spec),
        work_(work),
        parts_(inputs, work.num_cells, work.parts_at_a_time),
        observer_(observer),
        pool_(plan_.spec, plan_.pool) {
    progress_.num_images = std::ssize(inputs.files);
  }

  SharedFit Run() {
    std::optional<BlockCacheLimit> cache;
    if (work_.cache_bytes > 0) cache.emplace(work_.cache_bytes);
    if (LacksProjection(spec_)) FindProjection();
    Gather();
    if (!stopped_ && !pool_.empty()) Fit();
    return std::move(shared_);
  }

 private:
  // Of all images' pixels. What cannot be read, or has other bands, says so when it is gathered.
  void FindProjection() {
    TreeSum<BandMoments> moments;
    Eigen::Index num_bands = 0;  // of the first that can be read
    ForEachInOrder(
        parts_.size(), work_.parts_at_a_time, [&](std::int64_t i) { return MomentsOf(i); },
        [&](std::int64_t i, BandMoments& of_part) {
          if (num_bands == 0 && of_part.weight > 0) num_bands = of_part.mean.size();
          if (of_part.weight > 0 && of_part.mean.size() == num_bands)
            moments.Add(i, std::move(of_part));
          Report(FolderStage::kGathering, ImagesDone(i));
          return Next::kGoOn;
        });
    if (num_bands == 0) return;  // no image can be read
    spec_.projection = PrincipalBands(moments.Total(), spec_.num_principal);
    pool_ = FeaturePool(spec_, plan_.pool);
  }

  BandMoments MomentsOf(std::int64_t part) {
    const auto moments = [this](const Raster& raster) {
      DescribeFeatures(raster, spec_);  // throws where they cannot be had
      return MomentsOfBands(raster, spec_.scale);
    };
    return Attempt<BandMoments>(part, moments).value_or(BandMoments());
  }

  void Gather() {
    Report(FolderStage::kGathering, 0);
    ForEachInOrder(
        parts_.size(), work_.parts_at_a_time, [&](std::int64_t i) { return Extract(i); },
        [&](std::int64_t i, PartOrFailure& result) {
          if (stopped_) return Next::kStop;  // begun before it was known
          Add(i, std::move(result));
          Report(FolderStage::kGathering, ImagesDone(i));
          stopped_ = !shared_.failures.empty() && options_.on_failure == OnFailure::kStop;
          return stopped_ ? Next::kStop : Next::kGoOn;
        });
  }

  PartOrFailure Extract(std::int64_t part) {
    return Try(inputs_.files[parts_.At(part).file].path, [&] {
      const LoadedImage image = parts_.Load(part, InputParts::WholeHash::kKnown);
      ReadPart read{pool_.Extract(image.raster, parts_.IdentityOf(part, image.hash)), image.hash};
      if (NeedsEffectiveSamples(options_.segment))
        read.num_effective = EffectiveSamples(image.raster, ComputeFeatures(image.raster, spec_));
      return PartOrFailure(std::move(read));
    });
  }

  // What a file's earlier cells have said stays where a later one fails.
  void Add(std::int64_t part, PartOrFailure result) {
    const InputParts::Place place = parts_.At(part);
    const InputFile& file = inputs_.files[place.file];
    if (shared_.failures.contains(place.file)) return;
    if (auto* failure = std::get_if<std::string>(&result)) {
      shared_.failures[place.file] = std::move(*failure);
      return;
    }
    ReadPart& read = std::get<ReadPart>(result);
    try {
      pool_.Add(std::move(read.part), part);
      num_effective_ += read.num_effective;
      if (place.cell == 0) training_.push_back({file.name, read.hash});
    } catch (const ParameterError& error) {
      shared_.failures[place.file] = file.path + ": " + error.what();
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
    const Parts parts{
        .count = parts_.size(),
        .window = work_.parts_at_a_time,
        .samples = [&](std::int64_t i) { return SamplesOf(i, planes); },
        .done = [&](std::int64_t i) { Report(FolderStage::kRefining, ImagesDone(i)); }};
    return RefineOnParts(std::move(fit), parts, planes, options_.segment, options_.full_passes,
                         trace_length)
        .fit;
  }

  std::optional<Samples> SamplesOf(std::int64_t part, const FeaturePlanes& like) {
    if (shared_.failures.contains(parts_.At(part).file)) return std::nullopt;
    return Attempt<Samples>(part, [&](const Raster& raster) {
      return SamplesLike(raster, like.layout, like.samples.standardization(),
                         like.samples.weight_unit());
    });
  }

  // What is made of a part's raster, if that can be.
  template <typename Result, typename Make>
  std::optional<Result> Attempt(std::int64_t part, const Make& make) {
    try {
      return make(parts_.Load(part).raster);
    } catch (const Error&) {
      return std::nullopt;
    } catch (const std::bad_alloc&) {
      return std::nullopt;
    }
  }

  // When this part is done, too.
  std::int64_t ImagesDone(std::int64_t part) const {
    const InputParts::Place place = parts_.At(part);
    return place.file + (place.is_last ? 1 : 0);
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
  const WorkPlan& work_;
  InputParts parts_;
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
                         const OutputSet& asked, const WorkPlan& plan,
                         const FolderObserver& observer) {
  return SharedModelFit(inputs, options, asked, plan, observer).Run();
}

}  // namespace gmmseg
