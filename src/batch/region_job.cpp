#include "batch/region_job.h"

#include <gmmseg/errors.h>

#include <algorithm>
#include <string>

#include "base/stopwatch.h"
#include "base/text.h"
#include "batch/job_frame.h"
#include "batch/write_region_outputs.h"

namespace gmmseg {
namespace {

constexpr std::int64_t kMostLabels = 65535;

void SetFacts(const Regions& regions, JobResult& result) {
  result.num_valid = regions.num_valid;
  result.regions = {regions.num_regions(), regions.hierarchy.num_leaves, regions.level,
                    regions.num_valid == 0 || !regions.options.num_regions ||
                        *regions.options.num_regions == regions.num_regions()};
  const RegionSeconds& seconds = regions.seconds;
  result.seconds.features = seconds.features;
  result.seconds.fit = seconds.fit;
  result.seconds.labels =
      seconds.posteriors + seconds.boundaries + seconds.merging + seconds.labels;
}

// What was asked for and could not be had.
std::vector<std::string> WarningsOf(const Regions& regions, const RegionTotals& totals) {
  if (regions.num_valid == 0) return {"no pixel has data: all labels are 0"};
  if (totals.as_asked) return {};
  const std::int64_t asked = *regions.options.num_regions;
  return {Count(asked, "region was", "regions were") + " asked for, and " +
          Count(totals.num_regions, "comes", "come") + " back, " +
          (asked < totals.num_regions ? "for pixels without data part the image into as many pieces"
                                      : "the finest that there are")};
}

void CheckLabels(const std::string& image, const Regions& regions, const JobFrame& frame) {
  if (regions.num_regions() <= kMostLabels) return;
  for (const Output output : {Output::kLabels, Output::kOverlay, Output::kMasks, Output::kHeatmaps})
    if (frame.Wants(output))
      throw Error(image + ": " + std::to_string(regions.num_regions()) +
                  " regions, and labels have 16 bits; ask for region-table, polygons or hierarchy "
                  "alone, or fill in what has no data");
}

}  // namespace

OutputSet RegionOnlyOutputs() {
  return {Output::kHierarchy, Output::kRegionTable, Output::kPolygons};
}

OutputSet RegionOutputs() {
  OutputSet outputs = RegionOnlyOutputs();
  outputs.merge(OutputSet{Output::kLabels, Output::kOverlay, Output::kHeatmaps, Output::kMasks});
  return outputs;
}

OutputSet DefaultRegionOutputs() {
  return {Output::kLabels, Output::kOverlay, Output::kRegionTable};
}

void CheckRegionJob(const RegionOptions& options, const OutputOptions& output) {
  CheckRegionOptions(options);
  if (output.naming == Naming::kBids)
    throw ParameterError("BIDS names volumes, and regions are of images; leave naming plain");
  for (const Output kind : output.outputs)
    if (const std::string word(ToString(kind)); !RegionOutputs().contains(kind))
      throw ParameterError(word + " can be had of classes alone, not of regions; do not ask for " +
                           word);
}

int NumKnownRegions(const RegionOptions& options) {
  return static_cast<int>(std::min(options.num_regions.value_or(0), kMostLabels));
}

void CheckNoRegionOutputs(const OutputSet& outputs) {
  for (const Output output : RegionOnlyOutputs())
    if (const std::string word(ToString(output)); outputs.contains(output))
      throw ParameterError(word +
                           " can be had of connected regions alone; ask for these (segment "
                           "--regions), or do not ask "
                           "for " +
                           word);
}

JobResult RunRegionJob(const JobInput& input, const RegionOptions& options,
                       const OutputOptions& output, const JobObserver& observer) {
  CheckRegionJob(options, output);
  if (!input.weight_map.empty() || !input.scribbles.empty())
    throw ParameterError("weight maps and scribbles are of classes; leave them away for regions");
  RegionOptions kept = options;
  if (output.outputs.contains(Output::kHeatmaps)) kept.memberships = Memberships::kKeep;
  const JobFrame frame{.input = input,
                       .output = output,
                       .observer = observer,
                       .classes = {NumKnownRegions(options)}};
  return RunInFrame(frame, [&](const LoadedImage& image, const boost::filesystem::path& folder,
                               JobResult& result) {
    frame.Report({.stage = JobStage::kLabelling});
    const Regions regions = SegmentRegions(image.raster, kept);
    SetFacts(regions, result);
    CheckLabels(input.image, regions, frame);
    result.warnings = WarningsOf(regions, *result.regions);
    frame.Report({.stage = JobStage::kWriting});
    Stopwatch watch;
    WriteRegionOutputs(folder, frame.stem(), image.raster, regions, output);
    result.seconds.write = watch.Seconds();
  });
}

}  // namespace gmmseg
