#include "io/no_data.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace gmmseg {

void TakeOutNoData(Raster& raster, const std::vector<std::optional<double>>& no_data) {
  const auto is_given = [](const std::optional<double>& value) { return value.has_value(); };
  const bool is_color = raster.color_model() != ColorModel::kMultiband;
  if (std::ranges::none_of(no_data, is_given)) return;
  if (is_color && !std::ranges::all_of(no_data, is_given)) return;
  std::vector<std::uint8_t> matches(is_color ? raster.num_pixels() : 0, 1);
  for (int b = 0; b < raster.num_bands(); ++b) {
    if (!no_data[b]) continue;
    raster.VisitBand(b, [&]<typename T>(const T* band) {
      // A float file's value may be written with more digits than a float has.
      const double wanted =
          std::is_same_v<T, float> ? static_cast<float>(*no_data[b]) : *no_data[b];
      for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
        const bool match = static_cast<double>(band[i]) == wanted;
        if (is_color)
          matches[i] &= match;
        else if (match)
          raster.MarkMissing(b, i);
      }
    });
  }
  for (std::int64_t i = 0; i < std::ssize(matches); ++i)
    if (matches[i]) raster.Invalidate(i);
}

void TakeOutNonFinite(Raster& raster) {
  if (raster.type() != SampleType::kFloat32) return;
  const bool is_color = raster.color_model() != ColorModel::kMultiband;
  for (int b = 0; b < raster.num_bands(); ++b)
    for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
      if (std::isfinite(raster.Band<float>(b)[i])) continue;
      raster.Band<float>(b)[i] = 0;
      if (!is_color) {
        raster.MarkMissing(b, i);
        continue;
      }
      raster.Invalidate(i);
      for (int other = 0; other < raster.num_bands(); ++other) raster.Band<float>(other)[i] = 0;
    }
}

}  // namespace gmmseg
