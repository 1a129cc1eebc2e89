#include <gmmseg/errors.h>
#include <gmmseg/render.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <type_traits>

#include "base/quantile.h"
#include "base/tile_loop.h"
#include "features/pixel_sample.h"
#include "render/painters.h"

namespace gmmseg {
namespace {

constexpr std::int64_t kSampleSize = 65536;  // pixels that the percentiles are taken from

// The 2nd and the 98th percentile of the band's finite values.
DisplayRange StretchRange(const Raster& raster, int band) {
  std::vector<double> sample;
  raster.VisitBand(band, [&](const auto* values) {
    for (const std::int64_t pixel : SampleKnownPixels(raster, band, kSampleSize)) {
      const double value = static_cast<double>(values[pixel]);
      if (std::isfinite(value)) sample.push_back(value);
    }
  });
  if (sample.empty()) return {0, 1};
  std::ranges::sort(sample);
  return {Quantile(sample, 0.02), Quantile(sample, 0.98)};
}

DisplayRange RangeOf(const Raster& raster, int band, const std::optional<DisplayWindow>& window) {
  if (window) return {window->centre - window->width / 2, window->centre + window->width / 2};
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

std::vector<std::uint8_t> BytesOf(SampleType type, DisplayRange range) {
  if (type == SampleType::kFloat32) return {};
  std::vector<std::uint8_t> bytes(type == SampleType::kUint8 ? 256 : 65536);
  for (std::size_t value = 0; value < bytes.size(); ++value)
    bytes[value] = ToByte(static_cast<double>(value), range);
  return bytes;
}

}  // namespace

void CheckDisplayWindow(const DisplayWindow& window) {
  if (!std::isfinite(window.centre) || !std::isfinite(window.width) || window.width <= 0)
    throw ParameterError("display window of centre " + std::to_string(window.centre) +
                         " and width " + std::to_string(window.width) +
                         "; both must be finite, and the width > 0");
}

DisplayPainter::DisplayPainter(const Raster& raster, const std::optional<DisplayWindow>& window)
    : raster_(raster) {
  if (raster.num_bands() >= 3)
    channels_ = {MakeChannel(0, window), MakeChannel(1, window), MakeChannel(2, window)};
  else
    channels_.fill(MakeChannel(0, window));
}

DisplayPainter::Channel DisplayPainter::MakeChannel(
    int band, const std::optional<DisplayWindow>& window) const {
  const DisplayRange range = RangeOf(raster_, band, window);
  return {band, range, BytesOf(raster_.type(), range)};
}

void DisplayPainter::Paint(std::int64_t first, std::int64_t count, Rgb* pixels) const {
  for (int c = 0; c < 3; ++c) {
    const Channel& channel = channels_[c];
    raster_.VisitBand(channel.band, [&]<typename T>(const T* values) {
      const std::uint8_t* const bytes = channel.bytes.data();
      for (std::int64_t i = 0; i < count; ++i)
        if constexpr (std::is_integral_v<T>)
          pixels[i][c] = bytes[values[first + i]];
        else
          pixels[i][c] = ToByte(values[first + i], channel.range);
    });
  }
  if (raster_.validity().empty()) return;
  for (std::int64_t i = 0; i < count; ++i)
    for (int c = 0; c < 3; ++c)
      if (!raster_.HasBand(channels_[c].band, first + i)) pixels[i][c] = 0;
}

std::vector<Rgb> DisplayImage(const Raster& raster, const std::optional<DisplayWindow>& window) {
  std::vector<Rgb> picture(raster.num_pixels());
  const DisplayPainter painter(raster, window);
  ForEachTile(raster.num_pixels(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
    painter.Paint(first, count, picture.data() + first);
  });
  return picture;
}

}  // namespace gmmseg
