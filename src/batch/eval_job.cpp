#include <gmmseg/errors.h>
#include <gmmseg/eval_job.h>
#include <gmmseg/image_io.h>
#include <gmmseg/threads.h>

#include "base/ordered_pipeline.h"
#include "io/same_grid.h"

namespace gmmseg {
namespace {

LabelMap MapOf(const LoadedLabels& loaded) {
  return {loaded.width, loaded.height, loaded.labels, loaded.depth};
}

// Of an image, in memory once for all settings.
class LoadedTruths {
 public:
  explicit LoadedTruths(const std::vector<std::string>& paths) : paths_(paths) {
    for (const std::string& path : paths) loaded_.push_back(LoadLabels(path));
    for (const LoadedLabels& loaded : loaded_) maps_.push_back(MapOf(loaded));
  }

  ImageScores Score(const std::string& path, const EvaluationOptions& options) const {
    const LoadedLabels prediction = LoadLabels(path);
    for (std::size_t t = 0; t < loaded_.size(); ++t)
      CheckSameGrid(paths_[t], GridOf(loaded_[t]), path, GridOf(prediction),
                    "give label maps of one image");
    try {
      return Evaluate(MapOf(prediction), maps_, options);
    } catch (const ParameterError& error) {
      throw ParameterError(path + ": " + error.what());
    }
  }

 private:
  const std::vector<std::string>& paths_;
  std::vector<LoadedLabels> loaded_;
  std::vector<LabelMap> maps_;
};

// In every setting.
std::vector<ImageScores> ScoreImage(const EvalImage& image, const EvaluationOptions& options) {
  const LoadedTruths truths(image.truths);
  std::vector<ImageScores> scores;
  for (const std::string& path : image.predictions) scores.push_back(truths.Score(path, options));
  return scores;
}

}  // namespace

std::vector<std::vector<ImageScores>> RunEvalJob(const EvalInputs& inputs,
                                                 const EvalJobOptions& options) {
  const auto count = std::ssize(inputs.images);
  std::vector<std::vector<ImageScores>> scores(inputs.settings.size());
  ForEachInOrder(
      count, 2 * ActiveThreads(),
      [&](std::int64_t i) { return ScoreImage(inputs.images[i], options.evaluation); },
      [&](std::int64_t i, std::vector<ImageScores>& of_image) {
        for (std::size_t s = 0; s < of_image.size(); ++s)
          scores[s].push_back(std::move(of_image[s]));
        if (options.progress) options.progress(i + 1, count);
        return Next::kGoOn;
      });
  return scores;
}

}  // namespace gmmseg
