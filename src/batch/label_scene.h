// The last reading of a raster that is not held: every pixel's label, and the maps.
#pragma once

#include <gmmseg/anomalies.h>
#include <gmmseg/exact_sum.h>
#include <gmmseg/model.h>
#include <gmmseg/smoothing.h>

#include <boost/filesystem/path.hpp>
#include <cstdint>
#include <vector>

#include "batch/job_frame.h"
#include "batch/scene_journal.h"
#include "stream/cells.h"
#include "stream/scene_plan.h"

namespace gmmseg {

// Sums over cells, the same for any order of them: what is kept of them is these bytes.
struct SceneTally {
  std::int64_t num_valid = 0;
  ExactSum log_likelihood;
  AnomalyCounts anomalies;
  ExactSum num_unlikely;  // see Drift
  bool tells_drift = false;

  SceneTally& operator+=(const SceneTally& other);
};

struct SceneSums {
  std::vector<std::int64_t> pixels;  // per class
  SceneTally tally;
  Smoothing smoothing;
  int num_passes = 0;            // over the raster
  std::int64_t num_resumed = 0;  // cells that an earlier run finished
  std::int64_t cut_margin = 0;   // see SceneTotals
};

// Whether a run that is killed leaves a journal for one that goes on.
bool IsKept(const JobFrame& frame);

// What labelling a pixel of a raster that is not held takes.
SceneOutputs OutputsPerPixel(const OutputSet& outputs, const SmoothOptions& smooth, int num_classes,
                             int num_bands);

// Writes the frame's maps of the raster into `folder`, by the model. Smoothing looks at each cell
// with what is around it, by strengths that are the whole raster's and take a reading of their own
// where they are not given; small pieces then get their labels in windows of the cells and
// PieceMargin() pixels around them, so that those which hang together further are cut there. The
// same labels for any file of these pixels, any memory and any number of threads. Cells that the
// journal has are written as they are there, and it gets the others; looking for small pieces
// begins again. Ranks label a share of the cells each, and all have the sums; then, and of tiles,
// nothing is kept in the journal.
SceneSums LabelScene(CellReader& cells, const ScenePlan& plan, const Model& model,
                     const SmoothOptions& smooth, const JobFrame& frame,
                     const boost::filesystem::path& folder, SceneJournal& journal);

}  // namespace gmmseg
