// Images without a file: a smooth pattern with hashed noise, the same at every run.
#include <gmmseg/errors.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "base/random.h"
#include "io/file_bytes.h"
#include "io/image_backend.h"

namespace gmmseg {
namespace {

// Takes a positive number off the front of `text`; 0 where there is none.
std::int64_t TakeNumber(std::string_view& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  text.remove_prefix(end - text.data());
  return error == std::errc() ? value : 0;
}

bool Take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<SampleType> TypeOf(std::string_view suffix) {
  if (suffix.empty() || suffix == ":u8") return SampleType::kUint8;
  if (suffix == ":u16") return SampleType::kUint16;
  if (suffix == ":f32") return SampleType::kFloat32;
  return std::nullopt;
}

ColorModel ColorModelOf(int num_bands) {
  return num_bands == 1   ? ColorModel::kGray
         : num_bands == 3 ? ColorModel::kRgb
                          : ColorModel::kMultiband;
}

std::optional<ImageHeader> Parse(std::string_view text) {
  constexpr std::int64_t kMaxPixels = std::int64_t{1} << 40;
  ImageHeader spec;
  spec.width = TakeNumber(text);
  if (!Take(text, 'x')) return std::nullopt;
  spec.height = TakeNumber(text);
  if (!Take(text, 'x')) return std::nullopt;
  const std::int64_t num_bands = TakeNumber(text);
  const std::optional<SampleType> type = TypeOf(text);
  const bool positive = spec.width >= 1 && spec.height >= 1 && num_bands >= 1;
  if (!positive || num_bands > kMaxBands || spec.width > kMaxPixels / spec.height || !type)
    return std::nullopt;
  spec.num_bands = static_cast<int>(num_bands);
  spec.type = *type;
  spec.color_model = ColorModelOf(spec.num_bands);
  return spec;
}

// Waves of another length and phase in each band, plus a twentieth of noise: 0…1.
template <typename T>
void FillBand(Raster& raster, int b) {
  const double scale = raster.white(), wave = 0.02 / (1 + b), phase = b;
  const double rounding = std::numeric_limits<T>::is_integer ? 0.5 : 0.0;
  T* band = raster.Band<T>(b);
  for (std::int64_t y = 0, i = 0; y < raster.height(); ++y) {
    const double down = std::sin(wave * static_cast<double>(y) + phase);
    for (std::int64_t x = 0; x < raster.width(); ++x, ++i) {
      const double across = std::cos(wave * static_cast<double>(x) - phase);
      const double noise = ToUnit(Hash(0, static_cast<std::uint64_t>(b), i));
      band[i] = static_cast<T>(scale * (0.475 + 0.475 * down * across + 0.05 * noise) + rounding);
    }
  }
}

}  // namespace

std::optional<ImageHeader> ReadNullHeader(const ImageSource& source) {
  if (!IsNullImage(source.path)) return std::nullopt;
  const std::optional<ImageHeader> spec = Parse(std::string_view(source.path).substr(5));
  if (!spec)
    throw IoError(IoError::Operation::kRead,
                  source.path + ": no such null image; write null:WxHxB, then :u8, :u16 or :f32, " +
                      "every number >= 1, at most 2^40 pixels and " + std::to_string(kMaxBands) +
                      " bands");
  return spec;
}

std::optional<Raster> ReadNull(const ImageSource& source) {
  const std::optional<ImageHeader> spec = ReadNullHeader(source);
  if (!spec) return std::nullopt;
  Raster raster(spec->width, spec->height, spec->num_bands, spec->type, spec->color_model);
  for (int b = 0; b < raster.num_bands(); ++b)
    raster.VisitBand(b, [&]<typename T>(const T*) { FillBand<T>(raster, b); });
  return raster;
}

}  // namespace gmmseg
