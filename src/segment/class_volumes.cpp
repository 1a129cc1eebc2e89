#include <gmmseg/class_volumes.h>
#include <gmmseg/exact_sum.h>

#include <cmath>
#include <mutex>

namespace gmmseg {
namespace {

// How many voxels with data each place stands for.
std::vector<std::uint32_t> VoxelsByPlace(const Segmentation& segmentation) {
  std::vector<std::uint32_t> voxels(segmentation.num_places());
  for (std::int64_t i = 0; i < segmentation.num_pixels(); ++i)
    if (segmentation.labels[i] != 0) ++voxels[segmentation.PlaceOf(i)];
  return voxels;
}

std::vector<std::int64_t> VoxelsByLabel(const Segmentation& segmentation) {
  std::vector<std::int64_t> voxels(segmentation.classes.size() + 1);
  for (const std::uint16_t label : segmentation.labels) ++voxels[label];
  return voxels;
}

std::vector<ExactSum> PosteriorSums(const Segmentation& segmentation) {
  const std::vector<std::uint32_t> voxels = VoxelsByPlace(segmentation);
  std::vector<ExactSum> sums(segmentation.classes.size());
  std::mutex mutex;
  segmentation.VisitPlaces([&](const PosteriorTile& tile) {
    for (std::size_t k = 0; k < sums.size(); ++k) {
      const float* const posteriors = tile.posteriors + static_cast<std::int64_t>(k) * tile.stride;
      double sum = 0;
      for (std::int64_t i = 0; i < tile.count; ++i)
        if (const std::uint32_t count = voxels[tile.first + i]; count > 0)
          sum += static_cast<double>(count) * posteriors[i];
      const std::lock_guard lock(mutex);
      sums[k] += sum;
    }
  });
  return sums;
}

}  // namespace

double VoxelMillilitres(const VolumeGeometry& geometry) {
  const VoxelToWorld& m = geometry.to_world;
  const auto minor = [&](int a, int b) { return m[1][a] * m[2][b] - m[1][b] * m[2][a]; };
  constexpr double kCubicMillimetres = 1000;  // of a millilitre
  return std::abs(m[0][0] * minor(1, 2) - m[0][1] * minor(0, 2) + m[0][2] * minor(0, 1)) /
         kCubicMillimetres;
}

std::vector<ClassVolume> MeasureVolumes(const Segmentation& segmentation,
                                        const VolumeGeometry& geometry) {
  if (segmentation.classes.empty()) return {};
  const double ml = VoxelMillilitres(geometry);
  const std::vector<std::int64_t> voxels = VoxelsByLabel(segmentation);
  std::vector<ClassVolume> volumes;
  for (const ExactSum& sum : PosteriorSums(segmentation)) {
    const std::int64_t count = voxels[volumes.size() + 1];
    volumes.push_back({count, static_cast<double>(count) * ml, sum.ToDouble() * ml});
  }
  return volumes;
}

}  // namespace gmmseg
