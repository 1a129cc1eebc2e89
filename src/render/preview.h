// A small picture of a segmentation, with all that a page needs to explore it.
#pragma once

#include <gmmseg/class_table.h>
#include <gmmseg/segment.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "render/volume_cuts.h"

namespace gmmseg {

inline std::int64_t MiddleSlice(std::int64_t depth) { return depth / 2; }  // from 0

struct PreviewSize {
  int longest_side;  // pixels
  int cloud_points;  // pixels whose features are shown
  int steps;         // models on the way to the fit
  CutLimits cuts{256, 64};
};
inline constexpr PreviewSize kPreviewOfOne{1024, 1500, 60};
inline constexpr PreviewSize kPreviewOfMany{320, 600, 20, {160, 24}};

// Preview pixel (i, j) stands for the image's pixel floor((2i + 1)·W / 2w), and so for rows;
// of a volume, of its middle slice.
struct Preview {
  int width = 0, height = 0;
  std::vector<Rgb> picture;  // the photograph, averaged where it is larger
  // Little-endian, one after another: labels (uint16 each), the cloud's values (uint16 for each
  // point and axis, point by point), posteriors (uint8 for each pixel and class, pixel by pixel:
  // 0…255 is 0…1), the cloud's colours (3 x uint8).
  std::vector<std::uint8_t> data;
  std::int64_t cloud_size = 0;
  std::vector<double> cloud_low, cloud_high;  // per axis of AxesOf: the values of 0 and 65535
  std::vector<CutSeries> cuts;                // of a volume of several slices
};

// With more classes and pixels than this together, a preview is smaller than asked for.
inline constexpr std::int64_t kMostPosteriors = 16'000'000;

Preview MakePreview(const Raster& raster, const Segmentation& segmentation, PreviewSize size,
                    const std::optional<DisplayWindow>& window = {});

}  // namespace gmmseg
