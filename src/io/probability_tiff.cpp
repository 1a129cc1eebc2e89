// Probability stacks, plane by plane.
#include <gmmseg/errors.h>
#include <gmmseg/image_io.h>

#include <cmath>

#include "base/text.h"
#include "io/plane_tiff.h"
#include "io/probability_steps.h"
#include "raster/value_size.h"

namespace gmmseg {
namespace {

PlaneTiffFormat FormatOf(ProbabilityDepth depth, int num_classes) {
  PlaneTiffFormat format;  // floats are small without a predictor, for most are 0 or 1
  const bool is_float = depth == ProbabilityDepth::kFloat32;
  const ProbabilitySteps steps = StepsOf(depth);
  if (!is_float)
    format = {static_cast<int>(8 * BytesPerValue(steps.type)), SAMPLEFORMAT_UINT,
              PREDICTOR_HORIZONTAL, "", std::to_string(steps.no_data)};
  for (int b = 0; b < num_classes; ++b) {
    format.metadata += BandName(b, "P(" + std::to_string(b + 1) + ")");
    if (is_float) continue;
    format.metadata += BandItem("SCALE", "scale", b, Format("%g", 1 / steps.steps));
    format.metadata += BandItem("OFFSET", "offset", b, "0");
  }
  return format;
}

}  // namespace

struct ProbabilityTiffWriter::Impl {
  Impl(const std::string& path, std::int64_t width, std::int64_t height, int num_classes,
       ProbabilityDepth probability_depth)
      : depth(probability_depth),
        tiff(path, width, height, num_classes, FormatOf(probability_depth, num_classes)) {}

  template <typename T>
  void WriteSteps(std::span<const float> probabilities, std::span<const std::uint16_t> labels);

  ProbabilityDepth depth;
  PlaneTiff tiff;
};

template <typename T>
void ProbabilityTiffWriter::Impl::WriteSteps(std::span<const float> probabilities,
                                             std::span<const std::uint16_t> labels) {
  const ProbabilitySteps steps = StepsOf(depth);
  tiff.WritePlane<T>([&](std::int64_t i) {
    return static_cast<T>(labels[i] == 0 ? steps.no_data
                                         : std::lround(probabilities[i] * steps.steps));
  });
}

ProbabilityTiffWriter::ProbabilityTiffWriter(const std::string& path, std::int64_t width,
                                             std::int64_t height, int num_classes,
                                             ProbabilityDepth depth)
    : impl_(std::make_unique<Impl>(path, width, height, num_classes, depth)) {}

ProbabilityTiffWriter::~ProbabilityTiffWriter() = default;

void ProbabilityTiffWriter::WritePlane(std::span<const float> probabilities,
                                       std::span<const std::uint16_t> labels) {
  const auto num_pixels = static_cast<std::size_t>(impl_->tiff.num_pixels());
  if (probabilities.size() != num_pixels || labels.size() != num_pixels)
    throw ParameterError(impl_->tiff.target() + ": plane of " +
                         std::to_string(probabilities.size()) + " probabilities and " +
                         std::to_string(labels.size()) + " labels; must be " +
                         std::to_string(num_pixels) + " each");
  switch (impl_->depth) {
    case ProbabilityDepth::kUint8:
      return impl_->WriteSteps<std::uint8_t>(probabilities, labels);
    case ProbabilityDepth::kUint16:
      return impl_->WriteSteps<std::uint16_t>(probabilities, labels);
    case ProbabilityDepth::kFloat32:
      break;
  }
  impl_->tiff.WritePlane<float>(
      [&](std::int64_t i) { return labels[i] == 0 ? 0.0f : probabilities[i]; });
}

void ProbabilityTiffWriter::Close() { impl_->tiff.Close(); }

void WriteFloatTiff(const std::string& path, std::int64_t width, std::int64_t height,
                    const std::vector<std::string>& band_names,
                    const std::function<PixelValues(int band)>& values_of) {
  const auto num_bands = static_cast<int>(band_names.size());
  PlaneTiffFormat format;
  for (int band = 0; band < num_bands; ++band) format.metadata += BandName(band, band_names[band]);
  format.no_data = "nan";
  PlaneTiff tiff(path, width, height, num_bands, format);
  for (int band = 0; band < num_bands; ++band) tiff.WritePlane<float>(values_of(band));
  tiff.Close();
}

}  // namespace gmmseg
