#include "raster/parts.h"

#include <algorithm>
#include <numeric>

namespace gmmseg {
namespace {

// Of bands that are no colours.
ColorModel PlainModel(int num_bands) {
  return num_bands == 1 ? ColorModel::kGray : ColorModel::kMultiband;
}

// Band `from` of a raster as band `to` of one of another type and size: pixel i as place_of(i).
template <typename PlaceOf>
void CopyBand(const Raster& raster, int from, Raster& result, int to, const PlaceOf& place_of) {
  result.VisitBand(to, [&]<typename T>(const T*) {
    T* const out = result.Band<T>(to);
    raster.VisitBand(from, [&](const auto* in) {
      for (std::int64_t i = 0; i < result.num_pixels(); ++i)
        out[i] = static_cast<T>(in[place_of(i)]);
    });
  });
}

// What pixels have of band `from` is what they have of band `to`.
void CopyMissing(const Raster& raster, int from, Raster& result, int to) {
  if (raster.validity().empty() && !raster.has_missing_bands()) return;
  for (std::int64_t i = 0; i < result.num_pixels(); ++i)
    if (!raster.HasBand(from, i)) {
      if (result.num_bands() == 1)
        result.Invalidate(i);
      else
        result.MarkMissing(to, i);
    }
}

void CopyVolume(const Raster& raster, Raster& result) {
  if (raster.volume()) result.SetVolume(*raster.volume());
}

SampleType Wider(SampleType a, SampleType b) { return std::max(a, b); }

}  // namespace

Raster Cropped(const Raster& raster, const Window& window) {
  Raster part(window.width, window.height, raster.num_bands(), raster.type(), raster.color_model());
  if (raster.type() != SampleType::kFloat32) part.SetWhite(raster.white());
  const auto place_of = [&](std::int64_t i) {
    return (window.y + i / window.width) * raster.width() + window.x + i % window.width;
  };
  for (int b = 0; b < raster.num_bands(); ++b) CopyBand(raster, b, part, b, place_of);
  for (std::int64_t i = 0; i < part.num_pixels(); ++i) part.TakeValidity(i, raster, place_of(i));
  part.SetGeoreference(
      raster.georeference().Shifted(static_cast<double>(window.x), static_cast<double>(window.y)));
  return part;
}

Raster Joined(const Raster& first, const Raster& second) {
  const int num_first = first.num_bands();
  Raster joined(first.width(), first.height(), num_first + second.num_bands(),
                Wider(first.type(), second.type()), ColorModel::kMultiband, first.depth());
  const auto same_place = [](std::int64_t i) { return i; };
  for (int b = 0; b < joined.num_bands(); ++b) {
    const bool of_first = b < num_first;
    const Raster& from = of_first ? first : second;
    CopyBand(from, of_first ? b : b - num_first, joined, b, same_place);
    CopyMissing(from, of_first ? b : b - num_first, joined, b);
  }
  joined.SetGeoreference(first.georeference().IsLocated() ? first.georeference()
                                                          : second.georeference());
  CopyVolume(first.volume() ? first : second, joined);
  return joined;
}

Raster WithBands(const Raster& raster, const std::vector<int>& bands) {
  const auto num_bands = static_cast<int>(bands.size());
  std::vector<int> all(raster.num_bands());
  std::iota(all.begin(), all.end(), 0);
  // What a voxel holds is no grey either.
  const ColorModel plain = raster.volume() ? ColorModel::kMultiband : PlainModel(num_bands);
  Raster chosen(raster.width(), raster.height(), num_bands, raster.type(),
                bands == all ? raster.color_model() : plain, raster.depth());
  if (raster.type() != SampleType::kFloat32) chosen.SetWhite(raster.white());
  for (int b = 0; b < num_bands; ++b) {
    CopyBand(raster, bands[b], chosen, b, [](std::int64_t i) { return i; });
    CopyMissing(raster, bands[b], chosen, b);
  }
  chosen.SetGeoreference(raster.georeference());
  CopyVolume(raster, chosen);
  return chosen;
}

}  // namespace gmmseg
