#include <gmmseg/render.h>

#include <algorithm>
#include <cmath>

#include "base/quantile.h"
#include "base/tile_loop.h"
#include "features/pixel_sample.h"

namespace gmmseg {
namespace {

constexpr std::int64_t kSampleSize = 65536;  // pixels that the percentiles are taken from

// The values that show as black and as white.
struct DisplayRange {
  double low, high;
};

// The 2nd and the 98th percentile of the band's finite values.
DisplayRange StretchRange(const Raster& raster, int band) {
  std::vector<double> sample;
  raster.VisitBand(band, [&](const auto* values) {
    for (const std::int64_t pixel : SampleValidPixels(raster, kSampleSize)) {
      const double value = static_cast<double>(values[pixel]);
      if (std::isfinite(value)) sample.push_back(value);
    }
  });
  if (sample.empty()) return {0, 1};
  std::ranges::sort(sample);
  return {Quantile(sample, 0.02), Quantile(sample, 0.98)};
}

DisplayRange RangeOf(const Raster& raster, int band) {
  const bool as_is =
      raster.color_model() == ColorModel::kRgb ||
      (raster.color_model() == ColorModel::kGray && raster.type() != SampleType::kFloat32);
  return as_is ? DisplayRange{0, raster.white()} : StretchRange(raster, band);
}

std::uint8_t ToByte(double value, DisplayRange range) {
  if (std::isnan(value)) return 0;
  if (range.high == range.low && value == range.low) return 128;  // a flat band is mid-grey
  const double t = (value - range.low) / (range.high - range.low);
  return static_cast<std::uint8_t>(255 * std::clamp(t, 0.0, 1.0) + 0.5);
}

void FillChannel(const Raster& raster, int band, int channel, std::vector<Rgb>& picture) {
  const DisplayRange range = RangeOf(raster, band);
  raster.VisitBand(band, [&](const auto* values) {
    ForEachTile(raster.num_pixels(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
      for (std::int64_t i = first; i < first + count; ++i)
        if (raster.IsValid(i)) picture[i][channel] = ToByte(static_cast<double>(values[i]), range);
    });
  });
}

}  // namespace

std::vector<Rgb> DisplayImage(const Raster& raster) {
  std::vector<Rgb> picture(raster.num_pixels());
  const bool in_color = raster.num_bands() >= 3;
  for (int channel = 0; channel < 3; ++channel)
    FillChannel(raster, in_color ? channel : 0, channel, picture);
  return picture;
}

}  // namespace gmmseg
