#include <gmmseg/errors.h>
#include <gmmseg/raster.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace gmmseg {
namespace {

constexpr double kMaxPixels = 0x1p40;

void Check(std::int64_t width, std::int64_t height, std::int64_t depth, int num_bands,
           ColorModel model) {
  const std::string size =
      std::to_string(width) + " x " + std::to_string(height) + " x " + std::to_string(depth);
  if (width < 1 || height < 1 || depth < 1)
    throw ParameterError("image size " + size + "; every dimension must be >= 1");
  if (static_cast<double>(width) * static_cast<double>(height) * static_cast<double>(depth) >
      kMaxPixels)
    throw ParameterError("image size " + size + "; at most 2^40 pixels");
  const int expected = model == ColorModel::kRgb    ? 3
                       : model == ColorModel::kGray ? 1
                                                    : std::max(num_bands, 1);
  if (num_bands != expected)
    throw ParameterError("number of bands = " + std::to_string(num_bands) + "; must be " +
                         (model == ColorModel::kMultiband ? ">= 1" : std::to_string(expected)) +
                         " for this colour model");
}

double WhiteOf(SampleType type) {
  switch (type) {
    case SampleType::kUint8:
      return 255;
    case SampleType::kUint16:
      return 65535;
    case SampleType::kFloat32:
      break;
  }
  return 1;
}

}  // namespace

Raster::Raster(std::int64_t width, std::int64_t height, int num_bands, SampleType type,
               ColorModel color_model, std::int64_t depth)
    : width_(width),
      height_(height),
      depth_(depth),
      num_bands_(num_bands),
      color_model_(color_model),
      white_(WhiteOf(type)) {
  Check(width, height, depth, num_bands, color_model);
  const std::size_t size = static_cast<std::size_t>(num_pixels()) * num_bands;
  switch (type) {
    case SampleType::kUint8:
      values_ = AlignedBuffer<std::uint8_t>(size);
      break;
    case SampleType::kUint16:
      values_ = AlignedBuffer<std::uint16_t>(size);
      break;
    case SampleType::kFloat32:
      values_ = AlignedBuffer<float>(size);
      break;
  }
}

SampleType Raster::type() const { return static_cast<SampleType>(values_.index()); }

void Raster::SetWhite(double white) {
  const double most = WhiteOf(type());
  if (!(white >= 1 && white <= most))
    throw ParameterError("white = " + std::to_string(white) + "; must be from 1 to " +
                         std::to_string(static_cast<int>(most)) + " for values of this type");
  white_ = white;
}

void Raster::Invalidate(std::int64_t pixel) {
  if (validity_.empty()) validity_.assign(num_pixels(), 1);
  validity_[pixel] = 0;
  if (known_.empty()) return;
  for (int b = 0; b < num_bands_; ++b) known_[b * num_pixels() + pixel] = 0;
}

void Raster::MarkMissing(int band, std::int64_t pixel) {
  if (validity_.empty()) validity_.assign(num_pixels(), 1);
  if (known_.empty())
    for (int b = 0; b < num_bands_; ++b)
      known_.insert(known_.end(), validity_.begin(), validity_.end());
  validity_[pixel] = 0;
  known_[band * num_pixels() + pixel] = 0;
}

bool Raster::HasSomeBand(std::int64_t pixel) const {
  for (int b = 0; b < num_bands_; ++b)
    if (HasBand(b, pixel)) return true;
  return false;
}

void Raster::TakeValidity(std::int64_t pixel, const Raster& other, std::int64_t other_pixel) {
  if (other.IsValid(other_pixel)) return;
  if (!other.HasSomeBand(other_pixel)) return Invalidate(pixel);
  for (int b = 0; b < num_bands_; ++b)
    if (!other.HasBand(b, other_pixel)) MarkMissing(b, pixel);
}

void Raster::SetWeights(std::vector<float> weights) {
  if (std::ssize(weights) != num_pixels())
    throw ParameterError("weights: " + std::to_string(weights.size()) + " for " +
                         std::to_string(num_pixels()) + " pixels; give one per pixel");
  for (std::int64_t i = 0; i < num_pixels(); ++i)
    if (!(weights[i] >= 0 && std::isfinite(weights[i])))
      throw ParameterError("weight of the pixel at x = " + std::to_string(i % width_) +
                           ", y = " + std::to_string(i / width_ % height_) + " is " +
                           std::to_string(weights[i]) + "; must be finite and >= 0");
  for (std::int64_t i = 0; i < num_pixels(); ++i)
    if (weights[i] == 0) Invalidate(i);
  weights_ = std::move(weights);
}

void Raster::SetScribbles(std::vector<std::uint16_t> scribbles) {
  if (std::ssize(scribbles) != num_pixels())
    throw ParameterError("scribbles: " + std::to_string(scribbles.size()) + " for " +
                         std::to_string(num_pixels()) + " pixels; give one per pixel");
  scribbles_ = std::move(scribbles);
}

std::int64_t Raster::CountValid() const {
  if (validity_.empty()) return num_pixels();
  return num_pixels() - std::count(validity_.begin(), validity_.end(), std::uint8_t{0});
}

}  // namespace gmmseg
