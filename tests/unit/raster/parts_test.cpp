#include "raster/parts.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

namespace gmmseg {
namespace {

Raster Numbered(std::int64_t width, std::int64_t height, int bands, ColorModel model) {
  Raster raster(width, height, bands, SampleType::kUint8, model);
  for (int b = 0; b < bands; ++b)
    for (std::int64_t i = 0; i < raster.num_pixels(); ++i)
      raster.Band<std::uint8_t>(b)[i] = static_cast<std::uint8_t>(100 * b + i);
  return raster;
}

TEST_CASE("parts: a window has its pixels, their validity, and lies where it lay") {
  Raster raster = Numbered(5, 4, 2, ColorModel::kMultiband);
  raster.Invalidate(7);
  raster.MarkMissing(1, 13);
  Georeference georeference;
  georeference.transform = {1000, 10, 1, 2000, 2, -10};
  georeference.control_points = {{"a", "", 3, 2, 7, 8, 9}};
  georeference.rpc = {{"LINE_OFF", "100"}, {"SAMP_OFF", "50"}, {"LAT_OFF", "45"}};
  raster.SetGeoreference(georeference);
  const Raster part = Cropped(raster, {1, 1, 3, 2});
  CHECK(part.width() == 3);
  CHECK(part.height() == 2);
  for (int b = 0; b < 2; ++b)
    for (std::int64_t y = 0; y < 2; ++y)
      for (std::int64_t x = 0; x < 3; ++x)
        CHECK(part.Band<std::uint8_t>(b)[3 * y + x] == 100 * b + 5 * (y + 1) + x + 1);
  CHECK(!part.HasSomeBand(1));
  CHECK(part.HasBand(0, 5));
  CHECK(!part.HasBand(1, 5));
  CHECK(part.CountValid() == 4);
  CHECK(*part.georeference().transform == std::array<double, 6>{1011, 10, 1, 1992, 2, -10});
  CHECK(part.georeference().control_points[0].column == 2);
  CHECK(part.georeference().control_points[0].row == 1);
  CHECK(std::stod(part.georeference().rpc[0].second) == 99);
  CHECK(std::stod(part.georeference().rpc[1].second) == 49);
  CHECK(part.georeference().rpc[2].second == "45");
}

TEST_CASE("parts: joined rasters have the wider type, and lack what either lacked") {
  Raster bytes = Numbered(3, 2, 1, ColorModel::kGray);
  bytes.Invalidate(4);
  Raster floats(3, 2, 2, SampleType::kFloat32, ColorModel::kMultiband);
  for (std::int64_t i = 0; i < 6; ++i) floats.Band<float>(1)[i] = 0.5f * static_cast<float>(i);
  floats.MarkMissing(0, 2);
  const Raster joined = Joined(bytes, floats);
  CHECK(joined.num_bands() == 3);
  CHECK(joined.type() == SampleType::kFloat32);
  CHECK(joined.color_model() == ColorModel::kMultiband);
  CHECK(joined.Band<float>(0)[5] == 5);
  CHECK(joined.Band<float>(2)[5] == 2.5f);
  CHECK(joined.CountValid() == 4);
  CHECK((!joined.HasBand(0, 4) && joined.HasBand(1, 4) && joined.HasBand(2, 4)));
  CHECK((joined.HasBand(0, 2) && !joined.HasBand(1, 2) && joined.HasBand(2, 2)));
}

TEST_CASE("parts: chosen bands come in their order, and all of a colour stay a colour") {
  const Raster raster = Numbered(3, 2, 3, ColorModel::kRgb);
  const Raster swapped = WithBands(raster, {2, 0});
  CHECK(swapped.num_bands() == 2);
  CHECK(swapped.color_model() == ColorModel::kMultiband);
  CHECK(swapped.Band<std::uint8_t>(0)[1] == 201);
  CHECK(swapped.Band<std::uint8_t>(1)[1] == 1);
  CHECK(WithBands(raster, {0, 1, 2}).color_model() == ColorModel::kRgb);
  CHECK(WithBands(raster, {1}).color_model() == ColorModel::kGray);
}

}  // namespace
}  // namespace gmmseg
