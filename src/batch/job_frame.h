// What every job does around its work: checks before it, reading, a hidden folder for what it
// writes, and at the end all of that in place.
#pragma once

#include <gmmseg/job.h>

#include <boost/filesystem/path.hpp>
#include <functional>
#include <string>
#include <vector>

#include "batch/output_names.h"

namespace gmmseg {

struct JobFrame {
  const JobInput& input;
  const OutputOptions& output;
  const JobObserver& observer;
  KnownClasses classes = {};
  OutputSet can_be_stale = AllOutputs();
  // That all do this work; the first makes the hidden folder, and puts in place what all have
  // written there.
  Ranks* ranks = nullptr;

  std::string stem() const;
  bool Wants(Output kind) const { return output.outputs.contains(kind); }
  bool WantsReport() const { return Wants(Output::kReport); }
  // Whether the report is a part of a page over many images.
  bool IsPart() const { return output.report_part.has_value(); }
  boost::filesystem::path directory() const;
  void Report(const JobProgress& progress) const {
    if (observer) observer(progress);
  }
};

// Makes of the image the files in `folder`, and says in the result what happened but for what the
// frame knows: input, outputs, reading, the total.
using JobWork = std::function<void(const LoadedImage& image, const boost::filesystem::path& folder,
                                   JobResult& result)>;

// Throws as RunSegmentJob does.
JobResult RunInFrame(const JobFrame& frame, const JobWork& work);

// The same of an image that the work reads by itself. It calls `folder` once, when it is known that
// there is something to write, and says what the frame's reading would have said.
using StageFolder = std::function<const boost::filesystem::path&()>;
using StagedWork = std::function<void(const StageFolder& folder, JobResult& result)>;
JobResult RunStaged(const JobFrame& frame, const StagedWork& work);

}  // namespace gmmseg
