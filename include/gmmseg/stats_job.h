// Statistics jobs: images to statistics, statistics to one, and all of these to the next model.
// Each writes one file, whole or not at all, whose folder is created if it is missing.
#pragma once

#include <gmmseg/image_stats.h>
#include <gmmseg/inputs.h>
#include <gmmseg/job.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace gmmseg {

struct StatsJobOptions {
  std::string output;  // the file
  ExistingOutputs existing = ExistingOutputs::kRefuse;
  std::vector<std::string> keep;  // files that the output must not be: those the job started from
  std::int64_t memory = 0;  // bytes for the images in work; 0: half of what this process may use
  // From threads of the job, one call at a time. May be empty.
  std::function<void(std::int64_t images_done, std::int64_t num_images)> progress;
};

// An image that cannot be read ends the job: statistics that lack it would be of no use.
// All throw ParameterError where the output is one of the inputs, its folder's parent is missing,
// or it exists and is not to be replaced, where images do not suit the model, and where statistics
// cannot be added (see ImageStats); IoError where a file cannot be read or written; MemoryError
// where options.memory is too little for an image.
ImageStats RunStatsJob(const InputList& images, const Model& model, const StatsJobOptions& options);

// The order of the files does not matter. The output may be one of them.
ImageStats RunMergeJob(const std::vector<std::string>& stats_files, const StatsJobOptions& options);

// From statistics files and images, one or the other or both. Throws ParameterError as UpdateModel
// does, too.
ModelUpdate RunUpdateJob(const Model& model, const std::vector<std::string>& stats_files,
                         const InputList& images, const UpdateOptions& update,
                         const StatsJobOptions& options);

}  // namespace gmmseg
