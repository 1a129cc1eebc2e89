// Raster: pixels as they were read, band by band, before they become features.
#pragma once

#include <gmmseg/aligned_buffer.h>
#include <gmmseg/georeference.h>
#include <gmmseg/volume_geometry.h>

#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace gmmseg {

enum class SampleType { kUint8, kUint16, kFloat32 };

// How the bands are meant. kMultiband bands have no colour meaning: only `raw` features apply.
enum class ColorModel { kGray, kRgb, kMultiband };

// Layout: band b is one contiguous plane of width × height × depth values, x fastest, then y, then
// z; bands are in the file's order, colour as R, G, B. Alpha is not a band: it has become validity.
// At most 2^40 pixels.
class Raster {
 public:
  Raster() = default;
  // Zero-filled, all pixels valid. Throws ParameterError if a dimension is < 1 or kRgb has other
  // than 3 bands, kGray other than 1.
  Raster(std::int64_t width, std::int64_t height, int num_bands, SampleType type,
         ColorModel color_model, std::int64_t depth = 1);

  std::int64_t width() const { return width_; }
  std::int64_t height() const { return height_; }
  std::int64_t depth() const { return depth_; }
  std::int64_t num_pixels() const { return width_ * height_ * depth_; }
  int num_bands() const { return num_bands_; }
  SampleType type() const;
  ColorModel color_model() const { return color_model_; }

  // The value that means full intensity: 255, 65535 or 1 (float) unless set, as by readers of 12
  // bits in 16. Values above it count as white where colour is meant.
  double white() const { return white_; }
  // Throws ParameterError unless 1 <= white <= 255 or 65535; that of float values stays 1.
  void SetWhite(double white);

  // T must match type(); throws std::bad_variant_access otherwise.
  template <typename T>
  T* Band(int b) {
    return std::get<AlignedBuffer<T>>(values_).data() + b * num_pixels();
  }
  template <typename T>
  const T* Band(int b) const {
    return std::get<AlignedBuffer<T>>(values_).data() + b * num_pixels();
  }

  // Calls visitor(pointer to the first value of band b), typed by type().
  template <typename Visitor>
  decltype(auto) VisitBand(int b, Visitor&& visitor) const {
    return std::visit(
        [&](const auto& buffer) -> decltype(auto) {
          return visitor(buffer.data() + b * num_pixels());
        },
        values_);
  }

  // One byte per pixel, 0 = no data, or not in every band; empty = every pixel is valid.
  const std::vector<std::uint8_t>& validity() const { return validity_; }
  bool IsValid(std::int64_t pixel) const { return validity_.empty() || validity_[pixel] != 0; }
  void Invalidate(std::int64_t pixel);
  std::int64_t CountValid() const;

  // A pixel that lacks some of its bands is not valid, and what it has may be of use all the same.
  void MarkMissing(int band, std::int64_t pixel);
  bool has_missing_bands() const { return !known_.empty(); }
  bool HasBand(int band, std::int64_t pixel) const {
    return IsValid(pixel) || (!known_.empty() && known_[band * num_pixels() + pixel] != 0);
  }
  bool HasSomeBand(std::int64_t pixel) const;
  // Takes away from the pixel what the other raster's lacks.
  void TakeValidity(std::int64_t pixel, const Raster& other, std::int64_t other_pixel);

  // What each pixel counts for in a fit; empty = 1 each.
  const std::vector<float>& weights() const { return weights_; }
  float Weight(std::int64_t pixel) const { return weights_.empty() ? 1.0f : weights_[pixel]; }
  // One per pixel. A pixel of weight 0 has no data. Throws ParameterError for another number of
  // weights, and for one that is negative or not finite.
  void SetWeights(std::vector<float> weights);

  // Where the pixels lie on the earth; nothing where the file does not say.
  const Georeference& georeference() const { return georeference_; }
  void SetGeoreference(Georeference georeference) { georeference_ = std::move(georeference); }

  // Where the voxels lie in the patient; nothing where the pixels are no medical image's.
  const std::optional<VolumeGeometry>& volume() const { return volume_; }
  void SetVolume(VolumeGeometry volume) { volume_ = std::move(volume); }

  // Which class a stroke says that a pixel is of, from 1; 0 = no stroke; empty = no stroke at all.
  const std::vector<std::uint16_t>& scribbles() const { return scribbles_; }
  // One per pixel; throws ParameterError for another number of them.
  void SetScribbles(std::vector<std::uint16_t> scribbles);

 private:
  std::int64_t width_ = 0, height_ = 0, depth_ = 0;
  int num_bands_ = 0;
  ColorModel color_model_ = ColorModel::kGray;
  double white_ = 255;
  std::variant<AlignedBuffer<std::uint8_t>, AlignedBuffer<std::uint16_t>, AlignedBuffer<float>>
      values_;
  std::vector<std::uint8_t> validity_;
  std::vector<std::uint8_t> known_;  // band by band, 0 = missing; empty until a band is missing
  std::vector<float> weights_;
  std::vector<std::uint16_t> scribbles_;
  Georeference georeference_;
  std::optional<VolumeGeometry> volume_;
};

}  // namespace gmmseg
