#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/raster.h>

#include <cmath>

namespace gmmseg {
namespace {

Raster Gray(SampleType type) { return Raster(2, 2, 1, type, ColorModel::kGray); }

}  // namespace

TEST_CASE("raster: white is what the type holds until it is set, and values stay") {
  CHECK(Gray(SampleType::kUint8).white() == 255);
  CHECK(Gray(SampleType::kFloat32).white() == 1);
  Raster raster = Gray(SampleType::kUint16);
  CHECK(raster.white() == 65535);
  raster.Band<std::uint16_t>(0)[1] = 5000;
  raster.SetWhite(4095);
  CHECK(raster.white() == 4095);
  CHECK(raster.Band<std::uint16_t>(0)[1] == 5000);
}

TEST_CASE("raster: a white that the type cannot hold is refused") {
  Raster bytes = Gray(SampleType::kUint8), floats = Gray(SampleType::kFloat32);
  for (const double white : {0.0, -1.0, 256.0, std::nan("")})
    CHECK_THROWS_AS(bytes.SetWhite(white), ParameterError);
  CHECK_THROWS_AS(floats.SetWhite(2), ParameterError);
  CHECK_NOTHROW(floats.SetWhite(1));
}

}  // namespace gmmseg
