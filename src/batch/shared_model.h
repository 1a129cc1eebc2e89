// One model for many images.
#pragma once

#include <gmmseg/folder_job.h>

#include <cstdint>
#include <map>
#include <string>

#include "batch/image_headers.h"
#include "render/feature_cloud.h"

namespace gmmseg {

struct SharedFit {
  std::optional<Model> model;  // none where no image could be read, or none has data
  FeatureCloud cloud;          // of what it was fitted to, where its convergence is to be drawn
  std::map<std::int64_t, std::string> failures;  // images that cannot take part, by their place
};

// Reads every image once: their distinct colours with counts are what the model is fitted to; or,
// where `plan` says so, a sample of their pixels, from which up to three steps of EM on all pixels
// follow, each of which reads every image once more. Images that are not held are read cell by
// cell. `asked` is what is to be written. Throws MemoryError where not even a cell fits.
SharedFit FitSharedModel(const InputList& inputs, const FolderOptions& options,
                         const OutputSet& asked, const WorkPlan& plan,
                         const FolderObserver& observer);

}  // namespace gmmseg
