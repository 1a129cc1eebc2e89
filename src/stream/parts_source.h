// Samples that come part by part, read anew for every look at them: images of a folder, cells of a
// raster.
#pragma once

#include <gmmseg/ranks.h>
#include <gmmseg/segment.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "mixture/accumulate.h"

namespace gmmseg {

struct Parts {
  std::int64_t count = 0;
  int window = 1;  // that are begun and not finished
  // From any thread. Nothing where a part cannot be had any more; it is left out from then on.
  std::function<std::optional<Samples>(std::int64_t part)> samples;
  std::function<void(std::int64_t part)> done;  // one at a time, in order
  Ranks* ranks = nullptr;  // that look at a share of the parts each, and sum up
};

// What comes of a fit to the sample of all parts, `sample`, by plain EM on all of them: at most
// `passes` steps after a look at where the model stands, until one gains less than 1e-4 per pixel.
// Of the options the floor, what is known, and the iterations count. `num_looks` is how often all
// parts were read.
struct RefinedFit {
  FitResult fit;
  int num_looks = 0;
};
RefinedFit RefineOnParts(FitResult fit, const Parts& parts, const FeaturePlanes& sample,
                         const SegmentOptions& options, int passes, int trace_length);

}  // namespace gmmseg
