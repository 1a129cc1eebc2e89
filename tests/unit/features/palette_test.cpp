#include "features/palette.h"

#include <doctest/doctest.h>
#include <gmmseg/features.h>
#include <gmmseg/threads.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "test_rasters.h"

namespace gmmseg {
namespace {

using Color = std::vector<int>;

template <typename T>
Color ColorAt(const Raster& raster, std::int64_t pixel) {
  Color color;
  for (int b = 0; b < raster.num_bands(); ++b) color.push_back(raster.Band<T>(b)[pixel]);
  return color;
}

// The palette holds what an ordered map of colours counts.
template <typename T>
void CheckAgainstMap(const Raster& raster, const ColorPalette& palette) {
  std::map<Color, std::uint32_t> counts;
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i)
    if (raster.IsValid(i)) ++counts[ColorAt<T>(raster, i)];
  REQUIRE(palette.counts.size() == counts.size());
  std::int64_t j = 0;
  for (const auto& [color, count] : counts) {
    CHECK(ColorAt<T>(palette.colors, j) == color);
    CHECK(palette.counts[j] == count);
    ++j;
  }
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
    if (raster.IsValid(i))
      REQUIRE(ColorAt<T>(palette.colors, palette.entry[i]) == ColorAt<T>(raster, i));
    else
      REQUIRE_FALSE(palette.colors.IsValid(palette.entry[i]));
  }
  CHECK(palette.colors.CountValid() == static_cast<std::int64_t>(counts.size()));
}

// Three bands of a dozen levels each, spread over the type's range.
template <typename T>
Raster FewColors(int num_bands = 3, ColorModel model = ColorModel::kRgb) {
  return HashedRaster<T>(150, 61, num_bands, model, [](double u) {
    return std::floor(12 * u * u) * (sizeof(T) == 1 ? 23 : 5957);
  });
}

Raster Widened(const Raster& narrow) {
  Raster wide(narrow.width(), narrow.height(), narrow.num_bands(), SampleType::kUint16,
              narrow.color_model());
  for (int b = 0; b < narrow.num_bands(); ++b)
    std::transform(narrow.Band<std::uint8_t>(b), narrow.Band<std::uint8_t>(b) + narrow.num_pixels(),
                   wide.Band<std::uint16_t>(b),
                   [](std::uint8_t v) { return static_cast<std::uint16_t>(257 * v); });
  return wide;
}

}  // namespace

TEST_CASE("palette: colours, counts and entries equal those of an ordered map") {
  SUBCASE("8-bit colour") {
    const Raster raster = FewColors<std::uint8_t>();
    CheckAgainstMap<std::uint8_t>(raster, MakeColorPalette(raster).value());
  }
  SUBCASE("16-bit colour of few levels") {
    const Raster raster = FewColors<std::uint16_t>();
    CheckAgainstMap<std::uint16_t>(raster, MakeColorPalette(raster).value());
  }
  SUBCASE("8-bit colour widened to 16 bits") {
    const Raster raster = Widened(FewColors<std::uint8_t>());
    CheckAgainstMap<std::uint16_t>(raster, MakeColorPalette(raster).value());
  }
  SUBCASE("8-bit grey") {
    const Raster raster =
        HashedRaster<std::uint8_t>(90, 90, 1, ColorModel::kGray, [](double u) { return 256 * u; });
    CheckAgainstMap<std::uint8_t>(raster, MakeColorPalette(raster).value());
  }
  SUBCASE("16-bit grey, up to white") {
    const Raster raster = HashedRaster<std::uint16_t>(
        300, 300, 1, ColorModel::kGray, [](double u) { return 65535 - std::floor(20000 * u); });
    CheckAgainstMap<std::uint16_t>(raster, MakeColorPalette(raster).value());
  }
  SUBCASE("five bands whose possible values would be too many") {
    const Raster raster = HashedRaster<std::uint8_t>(
        150, 61, 5, ColorModel::kMultiband, [](double u) { return 100 + std::floor(4 * u); });
    CheckAgainstMap<std::uint8_t>(raster, MakeColorPalette(raster).value());
  }
}

TEST_CASE("palette: pixels without data are counted nowhere, whatever their values") {
  Raster raster = FewColors<std::uint16_t>();
  for (std::int64_t i = 0; i < raster.num_pixels(); i += 3) {
    raster.Band<std::uint16_t>(1)[i] = static_cast<std::uint16_t>(i);
    raster.Invalidate(i);
  }
  const ColorPalette palette = MakeColorPalette(raster).value();
  CheckAgainstMap<std::uint16_t>(raster, palette);
  CHECK(std::accumulate(palette.counts.begin(), palette.counts.end(), std::int64_t{0}) ==
        raster.CountValid());
}

TEST_CASE("palette: a flat image has one colour") {
  const Raster flat(70, 80, 3, SampleType::kUint8, ColorModel::kRgb);
  const ColorPalette palette = MakeColorPalette(flat).value();
  CHECK(palette.counts == std::vector<std::uint32_t>{5600});
  CHECK(palette.colors.num_pixels() == 1);
}

TEST_CASE("palette: there is none where it does not pay or cannot be had") {
  const auto noise = [](double u) { return 65536 * u; };
  CHECK_FALSE(MakeColorPalette(HashedPhoto(100, 100)));
  CHECK_FALSE(MakeColorPalette(HashedRaster<std::uint16_t>(60, 60, 1, ColorModel::kGray, noise)));
  CHECK_FALSE(MakeColorPalette(HashedRaster<std::uint16_t>(60, 60, 3, ColorModel::kRgb, noise)));
  CHECK_FALSE(MakeColorPalette(Raster(9, 9, 3, SampleType::kFloat32, ColorModel::kRgb)));
  CHECK_FALSE(MakeColorPalette(Raster(1, 1, 3, SampleType::kUint8, ColorModel::kRgb)));
  Raster nothing(9, 9, 1, SampleType::kUint8, ColorModel::kGray);
  for (std::int64_t i = 0; i < 81; ++i) nothing.Invalidate(i);
  CHECK_FALSE(MakeColorPalette(nothing));
}

TEST_CASE("palette: it is used from two pixels per colour on") {
  Raster raster(4, 1, 1, SampleType::kUint8, ColorModel::kGray);
  raster.Band<std::uint8_t>(0)[0] = 9;
  CHECK(MakeColorPalette(raster));
  raster.Band<std::uint8_t>(0)[1] = 8;
  CHECK_FALSE(MakeColorPalette(raster));
}

TEST_CASE("palette: one and two threads give the same bits") {
  const Raster raster = FewColors<std::uint16_t>();
  const auto make = [&](int threads) {
    const ThreadLimit limit(threads);
    return MakeColorPalette(raster).value();
  };
  const ColorPalette one = make(1), two = make(2);
  CHECK(one.counts == two.counts);
  CHECK(std::ranges::equal(one.entry, two.entry));
}

// The oracle: with a position there is one sample per pixel.
TEST_CASE("features: a pixel's features, the scaling and the floor are those of all pixels") {
  Raster raster = FewColors<std::uint8_t>();
  for (std::int64_t i = 0; i < raster.num_pixels(); i += 7) raster.Invalidate(i);
  for (const ColorSpace space : {ColorSpace::kGray, ColorSpace::kHsv, ColorSpace::kLab,
                                 ColorSpace::kYCrCb, ColorSpace::kRaw}) {
    CAPTURE(std::string(ToString(space)));
    const FeaturePlanes palette = ComputeFeatures(raster, {space, 0});
    const FeaturePlanes all = ComputeFeatures(raster, {space, 1});
    const int num_colors = palette.samples.num_features();
    REQUIRE(palette.entry.size() == static_cast<std::size_t>(raster.num_pixels()));
    REQUIRE(all.entry.empty());
    CHECK(palette.num_valid == raster.CountValid());
    CHECK(all.num_valid == raster.CountValid());
    CHECK(palette.floor == all.floor.topLeftCorner(num_colors, num_colors));
    CHECK(palette.samples.standardization().offset ==
          all.samples.standardization().offset.head(num_colors));
    CHECK(palette.samples.standardization().scale ==
          all.samples.standardization().scale.head(num_colors));
    for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
      const std::int64_t sample = palette.SampleOf(i);
      REQUIRE((palette.samples.weights()[sample] > 0) == raster.IsValid(i));
      for (int d = 0; d < num_colors; ++d)
        REQUIRE(palette.samples.Plane(d)[sample] == all.samples.Plane(d)[i]);
    }
  }
}

}  // namespace gmmseg
