#include <gmmseg/errors.h>
#include <gmmseg/image_stats_io.h>
#include <gmmseg/stats_job.h>

#include <boost/filesystem/operations.hpp>
#include <boost/filesystem/path.hpp>

#include "base/ordered_pipeline.h"
#include "batch/file_target.h"
#include "batch/image_headers.h"
#include "batch/output_names.h"
#include "io/model_format.h"
#include "io/stats_format.h"

namespace gmmseg {
namespace fs = boost::filesystem;
namespace {

// --overwrite is for what was written before, not for what is read.
FileTarget TargetOf(const StatsJobOptions& options, const InputList& images,
                    std::vector<std::string> inputs) {
  for (const InputFile& file : images.files) inputs.push_back(file.path);
  for (const std::string& input : inputs) {
    boost::system::error_code missing;
    if (fs::equivalent(options.output, input, missing))
      throw ParameterError(options.output + ": is an input; name another file for the output");
  }
  return {options.output, options.existing};
}

int ImagesAtATime(const InputList& images, const Model& model, std::int64_t memory) {
  FolderOptions like_apply;
  like_apply.source = ModelSource::kGiven;
  like_apply.segment.features = model.features.spec;
  like_apply.model = model;
  like_apply.output.outputs.clear();
  like_apply.memory = memory;
  return PlanWork(images, ReadHeaders(images), like_apply, FeaturePool::Weights::kNone)
      .images_at_a_time;
}

// What errors of values say of their file.
template <typename Work>
auto Naming(const std::string& path, const Work& work) {
  try {
    return work();
  } catch (const ParameterError& error) {
    throw ParameterError(path + ": " + error.what());
  }
}

ImageStats StatsOf(const InputFile& file, const Model& model) {
  const LoadedImage image = LoadImage(file.path, file.read);
  const std::string name = NameOf(file.path);  // wherever it lies
  return Naming(file.path, [&] { return TakeStats(image.raster, {name, image.hash}, model); });
}

void AddImages(const InputList& images, const Model& model, const StatsJobOptions& options,
               ImageStats& total) {
  const auto count = std::ssize(images.files);
  if (count == 0) return;
  ForEachInOrder(
      count, ImagesAtATime(images, model, options.memory),
      [&](std::int64_t i) { return StatsOf(images.files[i], model); },
      [&](std::int64_t i, const ImageStats& stats) {
        Naming(images.files[i].path, [&] { total += stats; });
        if (options.progress) options.progress(i + 1, count);
        return Next::kGoOn;
      });
}

void AddFile(const std::string& path, ImageStats& total,
             const std::function<void(const ImageStats&)>& check = {}) {
  const ImageStats stats = ReadStats(path);
  Naming(path, [&] {
    if (check) check(stats);
    total += stats;
  });
}

}  // namespace

ImageStats RunStatsJob(const InputList& images, const Model& model,
                       const StatsJobOptions& options) {
  const FileTarget target = TargetOf(options, images, options.keep);
  ImageStats total;
  AddImages(images, model, options, total);
  target.Write([&](StagedFile& file) { file.Write(StatsText(total)); });
  return total;
}

ImageStats RunMergeJob(const std::vector<std::string>& stats_files,
                       const StatsJobOptions& options) {
  const FileTarget target(options.output, options.existing);
  ImageStats total;
  for (const std::string& path : stats_files) AddFile(path, total);
  target.Write([&](StagedFile& file) { file.Write(StatsText(total)); });
  return total;
}

ModelUpdate RunUpdateJob(const Model& model, const std::vector<std::string>& stats_files,
                         const InputList& images, const UpdateOptions& update,
                         const StatsJobOptions& options) {
  const FileTarget target = TargetOf(options, images, stats_files);
  ImageStats total;
  for (const std::string& path : stats_files)
    AddFile(path, total, [&](const ImageStats& stats) { CheckTakenAt(model, stats); });
  AddImages(images, model, options, total);
  ModelUpdate result = UpdateModel(model, total, update);
  target.Write([&](StagedFile& file) { file.Write(ModelText(result.model)); });
  return result;
}

}  // namespace gmmseg
