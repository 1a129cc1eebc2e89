// A model of a raster that is not held.
#pragma once

#include <gmmseg/model.h>
#include <gmmseg/segment.h>

#include <cstdint>
#include <functional>

#include "stream/cells.h"
#include "stream/scene_plan.h"

namespace gmmseg {

struct SceneFit {
  Model model;                   // of no component where no pixel has data
  bool exact = false;            // of all colours
  std::int64_t num_sampled = 0;  // pixels, where it is not
  int num_passes = 0;            // over the raster
};

struct SceneObserver {
  // In this pass over the raster, and whether it refines a fit.
  std::function<void(std::int64_t pixels_done, bool refines)> pixels;
  std::function<void(int iteration, double log_likelihood)> fit;
};

// Counts the colours of all cells and fits to them; or, where they are more than the plan's memory
// holds, fits to a sample of pixels, each of which has the same chance, and goes on with plain EM
// on all of them, at most `full_passes` steps (>= 0), until one gains less than 1e-4 per pixel. The
// same bits for any number of threads, any cells_at_a_time, and any number of options.fit.ranks,
// which read a share of the cells each and all have the result. Throws as BlockReader::Read and
// FitModel do, and MemoryError where no pixel with data is in the sample.
SceneFit FitScene(CellReader& cells, const ScenePlan& plan, const SegmentOptions& options,
                  int full_passes, const SceneObserver& observer);

}  // namespace gmmseg
