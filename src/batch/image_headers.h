// What the images' headers say of the work ahead: memory, and how a shared model can be fitted.
#pragma once

#include <gmmseg/folder_job.h>
#include <gmmseg/image_io.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "features/feature_pool.h"

namespace gmmseg {

// One per input; nothing for an image whose header cannot be read.
using ImageHeaders = std::vector<std::optional<ImageHeader>>;

ImageHeaders ReadHeaders(const InputList& inputs);

// How a shared model is fitted.
struct SharedPlan {
  FeatureSpec spec;  // kAuto decided for all images alike: lab where one of them has colour
  FeaturePool::Plan pool;
  bool mixes_floats = false;  // with integers
};

bool NeedsSharedModel(const FolderOptions& options);

struct WorkPlan {
  std::int64_t bytes_per_image = 0;  // of the largest
  int images_at_a_time = 1;
  int window = 1;  // images that may be begun and not finished
  SharedPlan shared;
  // Per input, of maps that are read part by part: all maps are where memory does not hold one of
  // them. 0: the image is held.
  std::vector<std::int64_t> num_cells;
  std::int64_t scene_memory = 0;  // bytes for one of these
  // In readings for a shared model: images, and cells of those that are not held, that may be begun
  // and not finished; and bytes of the cells' blocks.
  int parts_at_a_time = 1;
  std::int64_t cache_bytes = 0;

  bool IsScene(std::int64_t i) const { return num_cells[i] > 0; }
  bool HasScenes() const { return scene_memory > 0; }
};

// Throws MemoryError where options.memory is given and the largest image that is held does not fit,
// or where not even the cells of one that is not do; and ParameterError where nothing that is asked
// of such an image can be had.
WorkPlan PlanWork(const InputList& inputs, const ImageHeaders& headers,
                  const FolderOptions& options, FeaturePool::Weights weights);

}  // namespace gmmseg
