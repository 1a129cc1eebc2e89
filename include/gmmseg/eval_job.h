// Evaluation jobs: label maps in files, held against the truths in files.
#pragma once

#include <gmmseg/evaluation.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace gmmseg {

// An image: its truths, and what each setting predicts of it.
struct EvalImage {
  std::string name;
  std::vector<std::string> truths;       // files, at least one
  std::vector<std::string> predictions;  // files, one per setting
};

struct EvalInputs {
  std::vector<std::string> settings;       // names; one where no folders were given: ""
  std::vector<EvalImage> images;           // ascending by name
  std::vector<std::string> unused_truths;  // files in folders that are of none of the images
};

// `predictions` are label maps, or folders of them, each of which is a setting. Of a folder that
// holds label maps of ours, photo_labels.png, these are taken, of others all PNG, TIFF, PGM and
// NIfTI files. An image's name is its prediction's without extension and "_labels".
// `truths` are label maps, or folders of them. Files are the truths of the one prediction, whatever
// they are called. Else those of an image are called as its prediction, one in each folder, or,
// where none is, so with "_1", "_2" and so on behind: photo.png, or photo_1.png and photo_2.png.
// Throws IoError where a file or folder cannot be read, or has no label map, where a prediction has
// no truth, or a setting lacks an image that another one has; ParameterError where predictions are
// neither all files nor all folders.
EvalInputs FindEvalInputs(const std::vector<std::string>& predictions,
                          const std::vector<std::string>& truths);

struct EvalJobOptions {
  EvaluationOptions evaluation;
  // From threads of the job, one call at a time. May be empty.
  std::function<void(std::int64_t images_done, std::int64_t num_images)> progress;
};

// The scores of every image in every setting: [setting][image]. Throws IoError where a file cannot
// be read or is no label map, or where a prediction's size is not its truth's; ParameterError as
// Evaluate does.
std::vector<std::vector<ImageScores>> RunEvalJob(const EvalInputs& inputs,
                                                 const EvalJobOptions& options);

}  // namespace gmmseg
