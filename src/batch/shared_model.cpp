#include "batch/shared_model.h"

#include <gmmseg/errors.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <limits>
#include <new>
#include <utility>
#include <variant>

#include "base/byte_text.h"
#include "base/ordered_pipeline.h"
#include "base/share.h"
#include "base/tree_sum.h"
#include "batch/input_parts.h"
#include "features/band_projection.h"
#include "features/effective_samples.h"
#include "features/samples_like.h"
#include "io/map_reader.h"
#include "raster/parts.h"
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
        ranks_(options.ranks),
        share_(parts_.ShareOfFiles(ranks_)),
        observer_(observer),
        pool_(plan_.spec, plan_.pool) {
    progress_.num_images = std::ssize(inputs.files);
  }

  SharedFit Run() {
    std::optional<BlockCacheLimit> cache;
    if (work_.cache_bytes > 0) cache.emplace(work_.cache_bytes);
    if (ranks_ != nullptr && !ExpectFirst()) return std::move(shared_);
    if (LacksProjection(spec_)) FindProjection();
    Gather();
    if (ranks_ != nullptr) UniteRanks();
    if (!stopped_ && !pool_.empty()) Fit();
    return std::move(shared_);
  }

 private:
  // What all images are to be like: the first that can be read. False where there is none.
  bool ExpectFirst() {
    std::string first;
    if (ranks_->IsFirst()) {
      std::int64_t part = 0;
      while (part < parts_.size() && !Describes(part)) ++part;
      ByteWriter writer;
      writer.Put(part);
      first = writer.Take();
    }
    ranks_->Broadcast(0, first);
    const auto part = ByteReader(first).Next<std::int64_t>();
    if (part == parts_.size()) {
      // Labelling tells why, unless the first is to be all that is told.
      if (options_.on_failure == OnFailure::kStop) Add(0, Extract(0));
      return false;
    }
    first_ = Cropped(parts_.Load(part).raster, {0, 0, 1, 1});
    pool_.Expect(first_);
    return true;
  }

  bool Describes(std::int64_t part) {
    return Attempt<bool>(part,
                         [this](const Raster& raster) {
                           DescribeFeatures(raster, spec_);
                           return true;
                         })
        .value_or(false);
  }

  // Of all images' pixels. What cannot be read, or has other bands, says so when it is gathered.
  void FindProjection() {
    TreeSum<BandMoments> moments;
    Eigen::Index num_bands = first_.num_bands();  // of the first that can be read
    ForEachPart([&](std::int64_t part) { return MomentsOf(part); },
                [&](std::int64_t part, BandMoments& of_part) {
                  if (num_bands == 0) num_bands = of_part.mean.size();
                  if (num_bands > 0 && of_part.mean.size() == num_bands)
                    moments.Add(part, std::move(of_part));
                  Report(FolderStage::kGathering, ImagesDone(part));
                  return Next::kGoOn;
                });
    if (ranks_ != nullptr) Unite(*ranks_, moments);
    if (num_bands == 0) return;  // no image can be read
    spec_.projection = PrincipalBands(moments.Total(), spec_.num_principal);
    pool_ = FeaturePool(spec_, plan_.pool);
    if (ranks_ != nullptr) pool_.Expect(first_);
  }

  // Of this rank's.
  template <typename Work, typename Finish>
  void ForEachPart(const Work& work, const Finish& finish) {
    ForEachInOrder(
        share_.size(), work_.parts_at_a_time,
        [&](std::int64_t i) { return work(share_.first + i); },
        [&](std::int64_t i, auto& result) { return finish(share_.first + i, result); });
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
    ForEachPart([&](std::int64_t part) { return Extract(part); },
                [&](std::int64_t part, PartOrFailure& result) {
                  if (stopped_) return Next::kStop;  // begun before it was known
                  Add(part, std::move(result));
                  Report(FolderStage::kGathering, ImagesDone(part));
                  stopped_ = StopsNow();
                  return stopped_ ? Next::kStop : Next::kGoOn;
                });
  }

  bool StopsNow() const {
    return !shared_.failures.empty() && options_.on_failure == OnFailure::kStop;
  }

  // What all have gathered, and what failed.
  void UniteRanks() {
    pool_.Unite(*ranks_, std::numeric_limits<std::int64_t>::max(), true);
    Unite(
        *ranks_, num_effective_, [](ByteWriter& writer, double each) { writer.Put(each); },
        [](ByteReader& reader) { return reader.Next<double>(); });
    const auto bytes = [&] {
      ByteWriter writer;
      writer.Put(std::ssize(training_));
      for (const TrainingInput& input : training_) {
        writer.Put(input.name);
        writer.Put(input.hash);
      }
      for (const auto& [file, failure] : shared_.failures) {
        writer.Put(file);
        writer.Put(failure);
      }
      return writer.Take();
    };
    const auto join = [&](const std::string& others) {
      ByteReader reader(others);
      for (auto left = reader.Next<std::ptrdiff_t>(); left > 0; --left) {
        const auto name = reader.Next<std::string>();
        training_.push_back({name, reader.Next<std::string>()});
      }
      while (!reader.at_end()) {
        const auto file = reader.Next<std::int64_t>();
        shared_.failures[file] = reader.Next<std::string>();
      }
    };
    const auto take = [&](const std::string& all) {
      training_.clear();
      shared_.failures.clear();
      join(all);
    };
    Unite(*ranks_, bytes, join, take);
    stopped_ = StopsNow();
    // One process by itself would have met no other.
    if (stopped_)
      shared_.failures.erase(std::next(shared_.failures.begin()), shared_.failures.end());
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
      num_effective_.Add(part, read.num_effective);
      if (place.cell == 0) training_.push_back({file.name, read.hash});
    } catch (const ParameterError& error) {
      shared_.failures[place.file] = file.path + ": " + error.what();
    }
  }

  void Fit() {
    SegmentOptions segment = options_.segment;
    segment.smooth = {};  // each image's classes are, by the model
    segment.fit.ranks = ranks_;
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
    shared_.model = FitModel(std::move(planes), segment, refine, num_effective_.Total());
    shared_.model->inputs = std::move(training_);
  }

  FitResult Refine(FitResult fit, const FeaturePlanes& planes, int trace_length) {
    const Parts parts{
        .count = parts_.size(),
        .window = work_.parts_at_a_time,
        .samples = [&](std::int64_t i) { return SamplesOf(i, planes); },
        .done = [&](std::int64_t i) { Report(FolderStage::kRefining, ImagesDone(i)); },
        .ranks = ranks_};
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

  // Of this rank's, when this part is done, too.
  std::int64_t ImagesDone(std::int64_t part) const {
    const InputParts::Place place = parts_.At(part);
    const std::int64_t first = share_.first < parts_.size() ? parts_.At(share_.first).file : 0;
    return std::max<std::int64_t>(0, place.file + (place.is_last ? 1 : 0) - first);
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
  Ranks* ranks_;
  Share share_;  // of the parts
  const FolderObserver& observer_;
  FeaturePool pool_;
  Raster first_;                   // of ranks, what all images are to be like
  TreeSum<double> num_effective_;  // the sum of the images'
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
