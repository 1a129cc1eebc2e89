#include "batch/shared_model.h"

#include <gmmseg/errors.h>

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

#include "batch/ordered_pipeline.h"
#include "features/plain_samples.h"
#include "mixture/refine.h"

namespace gmmseg {
namespace {

struct ReadPart {
  FeaturePool::Part part;
  std::string hash;
};
using PartOrFailure = std::variant<ReadPart, std::string>;

std::uint64_t Identity(const std::string& hash) {
  std::uint64_t identity = 0;
  for (const unsigned char c : hash) identity = identity * 131 + c;
  return identity;
}

PartOrFailure Extract(const InputFile& file, const FeaturePool& pool) {
  try {
    const LoadedImage image = LoadImage(file.path);
    return ReadPart{pool.Extract(image.raster, Identity(image.hash)), image.hash};
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
  ImagesSource(const InputList& inputs, const FeatureLayout& layout,
               const Standardization& standardization, int window, std::set<std::int64_t> left_out,
               const std::function<void(std::int64_t images_done)>& report)
      : inputs_(inputs),
        layout_(layout),
        standardization_(standardization),
        window_(window),
        left_out_(std::move(left_out)),
        report_(report) {}

  MixtureStats Accumulate(const GaussianMixture& model) override {
    MixtureStats total(model);
    ForEachInOrder(
        std::ssize(inputs_.files), window_,
        [&](std::int64_t i) { return left_out_.contains(i) ? std::nullopt : StatsOf(i, model); },
        [&](std::int64_t i, const std::optional<MixtureStats>& stats) {
          if (stats)
            total += *stats;
          else
            left_out_.insert(i);
          report_(i + 1);
          return Next::kGoOn;
        });
    return total;
  }

  WorstSample FindWorst(const GaussianMixture&) override { return {}; }

 private:
  std::optional<MixtureStats> StatsOf(std::int64_t i, const GaussianMixture& model) const {
    try {
      Samples samples = PlainSamples(ReadImage(inputs_.files[i].path), layout_);
      samples.StandardizeLike(standardization_);
      return SampleSource(samples).Accumulate(model);
    } catch (const Error&) {
      return std::nullopt;
    }
  }

  const InputList& inputs_;
  const FeatureLayout& layout_;
  const Standardization& standardization_;
  int window_;
  std::set<std::int64_t> left_out_;
  const std::function<void(std::int64_t images_done)>& report_;
};

// Beyond this gain per pixel, another reading of all images pays.
constexpr double kGain = 1e-4;
constexpr int kMostPasses = 3;

}  // namespace

SharedFit FitSharedModel(const InputList& inputs, const FolderOptions& options,
                         const SharedPlan& plan, int window, const FolderObserver& observer) {
  const auto count = static_cast<std::int64_t>(inputs.files.size());
  FolderProgress progress{.stage = FolderStage::kGathering, .num_images = count};
  const auto report = [&] {
    if (observer.progress) observer.progress(progress);
  };
  SharedFit shared;
  std::vector<TrainingInput> training;
  FeaturePool pool(plan.spec, plan.pool);
  report();
  ForEachInOrder(
      count, window, [&](std::int64_t i) { return Extract(inputs.files[i], pool); },
      [&](std::int64_t i, PartOrFailure& result) {
        const InputFile& file = inputs.files[i];
        if (auto* read = std::get_if<ReadPart>(&result)) try {
            pool.Add(std::move(read->part));
            training.push_back({file.name, read->hash});
          } catch (const ParameterError& error) {
            result = file.path + ": " + error.what();
          }
        if (const auto* failure = std::get_if<std::string>(&result)) shared.failures[i] = *failure;
        progress.images_done = i + 1;
        report();
        const bool stop = !shared.failures.empty() && options.on_failure == OnFailure::kStop;
        return stop ? Next::kStop : Next::kGoOn;
      });
  if (pool.empty()) return shared;
  SegmentOptions segment = options.segment;
  progress.stage = FolderStage::kFitting;
  report();
  segment.fit.progress = [&](int iteration, double log_likelihood) {
    progress.iteration = iteration;
    progress.log_likelihood = log_likelihood;
    report();
  };
  const auto refine = [&](FitResult fit, const FeaturePlanes& planes) {
    std::set<std::int64_t> left_out;
    for (const auto& [i, failure] : shared.failures) left_out.insert(i);
    progress.stage = FolderStage::kRefining;
    const std::function<void(std::int64_t)> report_images = [&](std::int64_t images_done) {
      progress.images_done = images_done;
      report();
    };
    ImagesSource images(inputs, planes.layout, planes.samples.standardization(), window,
                        std::move(left_out), report_images);
    FitOptions all;
    all.floor = segment.floor == Floor::kOn ? planes.floor : Eigen::MatrixXd();
    all.tolerance = kGain;
    all.max_iterations = std::min(kMostPasses, segment.fit.max_iterations);
    return RefineFit(std::move(fit), images, planes.samples.standardization(),
                     static_cast<double>(planes.num_valid), all);
  };
  const bool is_sample = plan.pool.content == FeaturePool::Content::kSample;
  shared.model = FitModel(pool.Take(), segment, is_sample ? refine : RefineFunction());
  shared.model->inputs = std::move(training);
  return shared;
}

}  // namespace gmmseg
