// Scene job: one raster, which need not fit into memory, to all of its maps. It is read part by
// part, as often as that takes, and written part by part.
#pragma once

#include <gmmseg/job.h>
#include <gmmseg/ranks.h>

#include <cstdint>
#include <functional>
#include <string>

namespace gmmseg {

// What to do with what a run that was killed kept beside the outputs.
enum class EarlierPass {
  kForget,  // start over
  kGoOn,    // with its model and the cells that it finished, if they are of the same image, the
            // same settings and outputs
};

struct SceneOptions {
  std::int64_t memory = 0;  // bytes that the process may take
  // Steps of EM on all pixels, >= 0, after a fit to a sample; each reads the raster once, and one
  // more pass tells where the sample's fit stands.
  int full_passes = 3;
  // Called with what will be done, in one sentence, before a pixel is read.
  std::function<void(const std::string& plan)> plan;
  EarlierPass earlier = EarlierPass::kForget;
  // Processes that all run this job: each reads and labels a share of the raster, with `memory`
  // bytes of its own, and the first says what is done. The model and the labels are those of one
  // process. They see the same files. Nothing is kept for a run that goes on.
  Ranks* ranks = nullptr;
};

// What a job that holds the whole image would take: an estimate from above, bytes.
std::int64_t BytesToHold(const ImageHeader& header, const SegmentOptions& options,
                         const OutputOptions& output);

// Outputs that a scene job can write: maps, and the model.
OutputSet SceneOutputSet();
// Of a scene job, unless it is told otherwise; of a model that is applied without the model.
OutputSet DefaultSceneOutputs();

// Fits a model to the raster, and labels it. The labels are the same for any number of threads, and
// however the file's pixels lie; where all colours are counted (see SceneTotals), for any memory
// that holds them, too. A sample is of 2^20 pixels, or as many as a sixth of the memory holds.
// `observer` is called for one thing at a time, from any thread.
// Throws as RunSegmentJob does; MemoryError where the memory does not suffice, saying how much
// does; ParameterError for what needs the whole raster at once: position, texture, weights,
// scribbles, and outputs that are none of SceneOutputSet(). Smoothing is that of the whole raster,
// but that mean field takes all its sweeps, and that its strengths are found cell by cell; small
// pieces are looked for in the cells and min_size - 1 pixels around them, at least 128 and at most
// 512, so that those which hang together further are cut there; meanwhile the labels take two bytes
// per pixel on the disk, beside the outputs. So does, until the job is done, what is written of
// each cell, in a hidden file by which a run that goes on (EarlierPass) finds the model and the
// cells that are finished: a job that was killed leaves it, one that failed does not. Its outputs
// are those of a job that was not killed, to the last byte.
JobResult RunSceneJob(const JobInput& input, const SegmentOptions& options,
                      const OutputOptions& output, const SceneOptions& scene,
                      const JobObserver& observer = {});
// The same of a model that is applied.
JobResult RunSceneJob(const JobInput& input, const Model& model, const SmoothOptions& smooth,
                      const OutputOptions& output, const SceneOptions& scene,
                      const JobObserver& observer = {});

}  // namespace gmmseg
