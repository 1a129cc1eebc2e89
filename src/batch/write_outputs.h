#pragma once

#include <gmmseg/job.h>

#include <boost/filesystem/path.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace gmmseg {

// What heatmaps, and as much again what probabilities, may hold of posteriors at a time.
inline constexpr std::int64_t kPosteriorBytes = std::int64_t{256} << 20;

// As many classes as that holds, at least one.
int ClassesAtATime(std::int64_t bytes_per_class, int num_classes);

// Whether the outputs need FindAnomalies.
bool NeedsAnomalies(const OutputSet& outputs);

// Band `band` of every pixel, as it was read or, where it is missing, as the others let expect it.
PixelValues ImputedValue(const Raster& raster, const Segmentation& segmentation, int band);

// What is measured of a segmentation, where its outputs ask for it; empty where they do not.
struct Measures {
  Anomalies anomalies;
  Instability instability;
  std::vector<ClassVolume> volumes;
};

// Writes what `output` asks for into `folder`, pictures band by band in parallel, heatmaps and
// probabilities of as many classes at a time as kPosteriorBytes hold for each of the two. An image
// without a class gets no file per class and no probabilities.
void WriteOutputs(const boost::filesystem::path& folder, const std::string& stem,
                  const Raster& raster, const Segmentation& segmentation, const Measures& measures,
                  const OutputOptions& output);

}  // namespace gmmseg
