#include "render/preview.h"

#include <gmmseg/component_merge.h>

#include <algorithm>
#include <cmath>

#include "render/feature_axes.h"
#include "render/feature_cloud.h"
#include "render/painters.h"

namespace gmmseg {
namespace {

void SetSize(const Segmentation& segmentation, int longest_side, Preview& preview) {
  const auto width = static_cast<double>(segmentation.width);
  const auto height = static_cast<double>(segmentation.height);
  const double num_classes = std::max<double>(1, static_cast<double>(segmentation.classes.size()));
  const double scale =
      std::min({1.0, longest_side / std::max(width, height),
                std::sqrt(static_cast<double>(kMostPosteriors) / num_classes / width / height)});
  preview.width = std::max(1, static_cast<int>(std::lround(scale * width)));
  preview.height = std::max(1, static_cast<int>(std::lround(scale * height)));
}

std::vector<std::int64_t> PixelsOf(const Preview& preview, const Segmentation& segmentation) {
  const std::int64_t w = preview.width, h = preview.height;
  const std::int64_t first =
      MiddleSlice(segmentation.depth) * segmentation.width * segmentation.height;
  std::vector<std::int64_t> pixels;
  pixels.reserve(w * h);
  for (std::int64_t j = 0; j < h; ++j)
    for (std::int64_t i = 0; i < w; ++i)
      pixels.push_back(first + (2 * j + 1) * segmentation.height / (2 * h) * segmentation.width +
                       (2 * i + 1) * segmentation.width / (2 * w));
  return pixels;
}

// Adds up a row of the image, cell by cell of the preview.
void AddRow(const std::vector<Rgb>& row, int num_cells, std::vector<std::uint64_t>& sums) {
  const auto width = std::ssize(row);
  for (std::int64_t cell = 0; cell < num_cells; ++cell)
    for (std::int64_t x = cell * width / num_cells; x < (cell + 1) * width / num_cells; ++x)
      for (int c = 0; c < 3; ++c) sums[3 * cell + c] += row[x][c];
}

// Each pixel the mean of those of the image that it covers.
std::vector<Rgb> ShrunkPicture(const Raster& raster, const DisplayPainter& painter,
                               const Preview& preview) {
  const std::int64_t width = raster.width(), height = raster.height();
  const std::int64_t slice = MiddleSlice(raster.depth());
  const std::int64_t w = preview.width, h = preview.height;
  std::vector<Rgb> picture, row(width);
  picture.reserve(w * h);
  for (std::int64_t j = 0; j < h; ++j) {
    const std::int64_t first = j * height / h, last = (j + 1) * height / h;
    std::vector<std::uint64_t> sums(3 * w);
    for (std::int64_t y = first; y < last; ++y) {
      painter.Paint((slice * height + y) * width, width, row.data());
      AddRow(row, preview.width, sums);
    }
    for (std::int64_t i = 0; i < w; ++i) {
      const std::uint64_t count = ((i + 1) * width / w - i * width / w) * (last - first);
      Rgb& pixel = picture.emplace_back();
      for (int c = 0; c < 3; ++c)
        pixel[c] = static_cast<std::uint8_t>((sums[3 * i + c] + count / 2) / count);
    }
  }
  return picture;
}

void AppendUint16(double value, std::vector<std::uint8_t>& data) {
  const auto number = static_cast<std::uint16_t>(value);
  data.push_back(static_cast<std::uint8_t>(number & 0xff));
  data.push_back(static_cast<std::uint8_t>(number >> 8));
}

std::uint8_t ByteOf(float posterior) {
  return static_cast<std::uint8_t>(0.5f + 255 * std::clamp(posterior, 0.f, 1.f));
}

// Of samples that have data; the others' bytes stay as they are.
void WritePosteriors(const Samples& samples, const Model& model, std::uint8_t* bytes) {
  const auto num_classes = static_cast<int>(model.classes.size());
  VisitClassPosteriors(samples, model.mixture(), model.merge.class_of,
                       [&](const PosteriorTile& tile) {
                         std::uint8_t* out = bytes + tile.first * num_classes;
                         for (std::int64_t i = 0; i < tile.count; ++i)
                           for (int k = 0; k < num_classes; ++k, ++out)
                             if (samples.weights()[tile.first + i] > 0)
                               *out = ByteOf(tile.Posterior(k, i));
                       });
}

// Of pixels in ascending order, those that lie near each other at a time.
void AppendSmoothPosteriors(const SmoothPosteriors& posteriors, std::int64_t num_classes,
                            const std::vector<std::int64_t>& pixels,
                            std::vector<std::uint8_t>& data) {
  constexpr std::int64_t kRun = 512;
  std::vector<float> values(kRun * num_classes);
  for (std::size_t i = 0; i < pixels.size();) {
    const std::int64_t first = pixels[i];
    std::size_t end = i;
    while (end < pixels.size() && pixels[end] < first + kRun) ++end;
    posteriors.Evaluate(first, pixels[end - 1] - first + 1, values.data(), kRun);
    for (; i < end; ++i)
      for (std::int64_t k = 0; k < num_classes; ++k)
        data.push_back(ByteOf(values[k * kRun + pixels[i] - first]));
  }
}

void AppendPosteriors(const Segmentation& segmentation, const std::vector<std::int64_t>& pixels,
                      std::vector<std::uint8_t>& data) {
  const auto num_classes = std::ssize(segmentation.classes);
  if (num_classes == 0 || segmentation.num_valid == 0) {
    data.resize(data.size() + pixels.size() * num_classes);
    return;
  }
  if (segmentation.IsSmooth()) {
    AppendSmoothPosteriors(*segmentation.smooth_posteriors, num_classes, pixels, data);
    return;
  }
  constexpr std::size_t kRun = 32768;  // so that the samples of a run take little memory
  std::vector<std::int64_t> places;
  for (std::size_t first = 0; first < pixels.size(); first += kRun) {
    places.clear();
    for (std::size_t i = first; i < std::min(first + kRun, pixels.size()); ++i)
      places.push_back(segmentation.planes.SampleOf(pixels[i]));
    const std::size_t start = data.size();
    data.resize(start + places.size() * num_classes);
    WritePosteriors(segmentation.planes.samples.At(places), segmentation.model,
                    data.data() + start);
  }
}

void SetRanges(const FeatureCloud& cloud, const FeatureAxes& axes, Preview& preview) {
  preview.cloud_size = std::ssize(cloud.values);
  for (const int feature : axes.features) {
    double low = 0, high = 1;
    for (std::size_t i = 0; i < cloud.values.size(); ++i) {
      const double value = cloud.values[i][feature];
      low = i == 0 ? value : std::min(low, value);
      high = i == 0 ? value : std::max(high, value);
    }
    preview.cloud_low.push_back(low);
    preview.cloud_high.push_back(high);
  }
}

void AppendCloudValues(const FeatureCloud& cloud, const FeatureAxes& axes, Preview& preview) {
  for (const Eigen::VectorXd& value : cloud.values)
    for (std::size_t a = 0; a < axes.features.size(); ++a) {
      const double range = preview.cloud_high[a] - preview.cloud_low[a];
      const double place = range > 0 ? (value[axes.features[a]] - preview.cloud_low[a]) / range : 0;
      AppendUint16(std::clamp(65535 * place + 0.5, 0.0, 65535.0), preview.data);
    }
}

}  // namespace

Preview MakePreview(const Raster& raster, const Segmentation& segmentation, PreviewSize size,
                    const std::optional<DisplayWindow>& window) {
  const FeatureAxes axes = AxesOf(segmentation.planes.layout);
  Preview preview;
  SetSize(segmentation, size.longest_side, preview);
  const DisplayPainter painter(raster, window);
  preview.picture = ShrunkPicture(raster, painter, preview);
  const std::vector<std::int64_t> pixels = PixelsOf(preview, segmentation);
  const FeatureCloud cloud = CloudOf(raster, painter, segmentation.planes, size.cloud_points);
  SetRanges(cloud, axes, preview);
  for (const std::int64_t pixel : pixels) AppendUint16(segmentation.labels[pixel], preview.data);
  AppendCloudValues(cloud, axes, preview);
  AppendPosteriors(segmentation, pixels, preview.data);
  for (const Rgb& color : cloud.colors)
    preview.data.insert(preview.data.end(), color.begin(), color.end());
  if (raster.depth() > 1)
    preview.cuts =
        CutThrough(raster, painter, segmentation.labels, segmentation.classes, size.cuts);
  return preview;
}

}  // namespace gmmseg
