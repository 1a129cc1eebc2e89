#include "io/dicom_values.h"

#include <gmmseg/errors.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace gmmseg {
namespace {

// What can be stored.
struct StoredRange {
  double low = 0, high = 0;
};

StoredRange RangeOf(const DicomFacts& facts) {
  const double half = std::ldexp(1, facts.bits_stored - 1);
  return facts.is_signed ? StoredRange{-half, half - 1} : StoredRange{0, 2 * half - 1};
}

double Rescaled(double stored, const DicomRescale& rescale) {
  return stored * rescale.slope + rescale.intercept;
}

bool IsWhole(double value) { return value == std::floor(value); }

// The largest value of all frames, where all of them stay integers; else 0.
double LargestInteger(const DicomPicture& picture) {
  const StoredRange range = RangeOf(picture.facts);
  double largest = 0;
  for (const DicomRescale& rescale : picture.rescale) {
    const double ends[] = {Rescaled(range.low, rescale), Rescaled(range.high, rescale)};
    if (!IsWhole(rescale.slope) || !IsWhole(rescale.intercept)) return 0;
    if (std::min(ends[0], ends[1]) < 0 || std::max(ends[0], ends[1]) > 65535) return 0;
    largest = std::max({largest, ends[0], ends[1]});
  }
  return largest;
}

SampleType TypeOf(const DicomPicture& picture) {
  const DicomFacts& facts = picture.facts;
  const double largest = LargestInteger(picture);
  if (facts.bits_allocated > 16 || largest < 1) return SampleType::kFloat32;
  return largest <= 255 ? SampleType::kUint8 : SampleType::kUint16;
}

// The stored value at this place of all samples, without bits beyond those that are stored.
class StoredValues {
 public:
  explicit StoredValues(const DicomPicture& picture)
      : facts_(picture.facts),
        values_(picture.values.data()),
        unused_(std::clamp(64 - facts_.bits_stored, 0, 63)) {}

  std::int64_t operator[](std::int64_t i) const {
    if (facts_.bits_allocated == 1) return values_[i / 8] >> i % 8 & 1;
    if (facts_.bits_allocated == 8) return Cut(values_[i]);
    return facts_.bits_allocated == 16 ? Cut(Load<std::uint16_t>(i)) : Cut(Load<std::uint32_t>(i));
  }

 private:
  template <typename T>
  T Load(std::int64_t i) const {
    T value;
    std::memcpy(&value, values_ + i * static_cast<std::int64_t>(sizeof(T)), sizeof value);
    return value;
  }

  std::int64_t Cut(std::uint64_t bits) const {
    const std::uint64_t high = bits << unused_;
    return facts_.is_signed ? static_cast<std::int64_t>(high) >> unused_
                            : static_cast<std::int64_t>(high >> unused_);
  }

  const DicomFacts& facts_;
  const unsigned char* values_;
  int unused_;
};

template <typename T>
void FillGray(const DicomPicture& picture, Raster& raster) {
  const DicomFacts& facts = picture.facts;
  const StoredValues stored(picture);
  const StoredRange range = RangeOf(facts);
  const std::int64_t frame_size = facts.width * facts.height;
  T* const band = raster.Band<T>(0);
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
    const std::int64_t value = stored[i];
    const double shown = facts.color == DicomColor::kInvertedGray
                             ? range.low + range.high - static_cast<double>(value)
                             : static_cast<double>(value);
    band[i] = static_cast<T>(Rescaled(shown, picture.rescale[i / frame_size]));
    if (facts.has_padding && value >= facts.padding[0] && value <= facts.padding[1])
      raster.Invalidate(i);
  }
}

// ITU-R BT.601, full range: y, cb and cr of 0…high, the latter two about the middle.
std::array<double, 3> RgbOf(const std::array<double, 3>& ybr, double high) {
  const double middle = (high + 1) / 2, cb = ybr[1] - middle, cr = ybr[2] - middle;
  std::array<double, 3> rgb = {ybr[0] + 1.402 * cr, ybr[0] - 0.344136 * cb - 0.714136 * cr,
                               ybr[0] + 1.772 * cb};
  for (double& channel : rgb) channel = std::clamp(std::round(channel), 0.0, high);
  return rgb;
}

template <typename T>
void FillColors(const DicomPicture& picture, Raster& raster) {
  const DicomFacts& facts = picture.facts;
  const StoredValues stored(picture);
  const double high = RangeOf(facts).high;
  const std::int64_t frame_size = facts.width * facts.height;
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
    const std::int64_t frame = i / frame_size, pixel = i % frame_size;
    std::array<double, 3> color{};
    for (std::int64_t c = 0; c < 3; ++c)
      color[c] =
          static_cast<double>(stored[3 * frame * frame_size +
                                     (facts.is_planar ? c * frame_size + pixel : 3 * pixel + c)]);
    if (facts.color == DicomColor::kYbr) color = RgbOf(color, high);
    for (int c = 0; c < 3; ++c)
      raster.Band<T>(c)[i] = static_cast<T>(Rescaled(color[c], picture.rescale[frame]));
  }
}

}  // namespace

void CheckDepth(const std::string& path, const DicomFacts& facts) {
  const int bits = facts.bits_allocated;
  const bool is_known = bits == 1 || bits == 8 || bits == 16 || bits == 32;
  if (is_known && facts.bits_stored >= 1 && facts.bits_stored <= bits) return;
  throw IoError(IoError::Operation::kRead,
                path + ": stores " + std::to_string(facts.bits_stored) + " bits in " +
                    std::to_string(bits) +
                    ", and whole numbers in 1, 8, 16 or 32 can be read; export it so");
}

std::int64_t NumValueBytes(const DicomFacts& facts) {
  const std::int64_t bits =
      facts.width * facts.height * facts.num_frames * facts.samples() * facts.bits_allocated;
  return (bits + 7) / 8;
}

ImageHeader HeaderOf(const DicomPicture& picture) {
  const DicomFacts& facts = picture.facts;
  const bool is_color = facts.samples() == 3;
  ImageHeader header{facts.width, facts.height, facts.samples(), TypeOf(picture),
                     is_color ? ColorModel::kRgb : ColorModel::kGray};
  if (facts.is_palette) header.type = SampleType::kUint8;
  header.depth = facts.num_frames;
  return header;
}

Raster ToRaster(const DicomPicture& picture) {
  const DicomFacts& facts = picture.facts;
  const ImageHeader header = HeaderOf(picture);
  Raster raster(header.width, header.height, header.num_bands, header.type, header.color_model,
                header.depth);
  raster.VisitBand(0, [&]<typename T>(const T*) {
    if (facts.samples() == 1)
      FillGray<T>(picture, raster);
    else
      FillColors<T>(picture, raster);
  });
  if (header.type != SampleType::kFloat32) raster.SetWhite(LargestInteger(picture));
  return raster;
}

}  // namespace gmmseg
