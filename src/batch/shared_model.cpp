#include "batch/shared_model.h"

#include <gmmseg/errors.h>

#include <memory>
#include <variant>

#include "batch/ordered_pipeline.h"

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
  shared.model = FitModel(pool.Take(), segment);
  shared.model->inputs = std::move(training);
  return shared;
}

}  // namespace gmmseg
