// Connected regions of a folder of images at a grid of levels, for `segment eval` to score.
// Usage: bench_regions IMAGES OUT [SEED [COMPONENTS [MIXTURES]]]
//
// Writes OUT/LEVEL/NAME.png, 16-bit label maps of each image, and prints what an image takes. With
// the 100 validation images of BSDS500 and their truths NAME_1.png, NAME_2.png, …:
//
//   bench_regions images maps && segment eval maps/* --truth groundTruth
#include <gmmseg/image_io.h>
#include <gmmseg/regions.h>

#include <algorithm>
#include <boost/filesystem/directory.hpp>
#include <boost/filesystem/operations.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

namespace fs = boost::filesystem;
using namespace gmmseg;

namespace {

// About the default, 1, where it stands itself.
constexpr double kLevels[] = {0.1, 0.15, 0.2,  0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8,
                              0.9, 1,    1.15, 1.3,  1.5, 1.75, 2,   2.5,  3,   4,   6,   10};

std::vector<fs::path> ImagesOf(const fs::path& folder) {
  std::vector<fs::path> images;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    if (HasImageExtension(entry.path().string())) images.push_back(entry.path());
  std::ranges::sort(images);
  return images;
}

void WriteMap(const Regions& regions, double level, const std::string& path) {
  const std::vector<std::uint32_t> region_of = regions.hierarchy.CutAt(level);
  cv::Mat map(static_cast<int>(regions.height), static_cast<int>(regions.width), CV_16U);
  std::ranges::transform(regions.leaves, map.begin<std::uint16_t>(), [&](std::uint32_t leaf) {
    return static_cast<std::uint16_t>(region_of[leaf]);
  });
  cv::imwrite(path, map);
}

void PrintSeconds(const RegionSeconds& sum, std::size_t num_images) {
  const double milliseconds = 1e3 / static_cast<double>(num_images);
  std::printf(
      "%zu images; ms each: features %.1f, fit %.1f, posteriors %.1f, boundaries %.1f, merging "
      "%.1f, labels %.1f\n",
      num_images, sum.features * milliseconds, sum.fit * milliseconds,
      sum.posteriors * milliseconds, sum.boundaries * milliseconds, sum.merging * milliseconds,
      sum.labels * milliseconds);
}

void Run(const fs::path& folder, const fs::path& out, const RegionOptions& options) {
  for (const double level : kLevels) fs::create_directories(out / cv::format("%g", level));
  const std::vector<fs::path> images = ImagesOf(folder);
  RegionSeconds sum;
  for (const fs::path& image : images) {
    const Regions regions = SegmentRegions(ReadImage(image.string()), options);
    const RegionSeconds& seconds = regions.seconds;
    sum.features += seconds.features;
    sum.fit += seconds.fit;
    sum.posteriors += seconds.posteriors;
    sum.boundaries += seconds.boundaries;
    sum.merging += seconds.merging;
    sum.labels += seconds.labels;
    for (const double level : kLevels)
      WriteMap(regions, level,
               (out / cv::format("%g", level) / (image.stem().string() + ".png")).string());
  }
  PrintSeconds(sum, std::max<std::size_t>(images.size(), 1));
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3) {
    std::fprintf(stderr, "usage: bench_regions IMAGES OUT [SEED [COMPONENTS [MIXTURES]]]\n");
    return 2;
  }
  RegionOptions options;
  if (argc > 3) options.seed = std::strtoull(argv[3], nullptr, 10);
  if (argc > 4) options.num_components = std::atoi(argv[4]);
  if (argc > 5) options.num_mixtures = std::atoi(argv[5]);
  Run(argv[1], argv[2], options);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_regions: %s\n", error.what());
  return 1;
}
