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

TEST_CASE("raster: a pixel that lacks a band is not whole, and has the others") {
  Raster raster(2, 1, 3, SampleType::kUint8, ColorModel::kMultiband);
  CHECK_FALSE(raster.has_missing_bands());
  raster.MarkMissing(1, 0);
  CHECK(raster.has_missing_bands());
  CHECK_FALSE(raster.IsValid(0));
  CHECK(raster.HasBand(0, 0));
  CHECK_FALSE(raster.HasBand(1, 0));
  CHECK(raster.HasSomeBand(0));
  CHECK(raster.IsValid(1));
  CHECK(raster.HasBand(1, 1));
  raster.Invalidate(1);
  CHECK_FALSE(raster.HasSomeBand(1));
  raster.MarkMissing(0, 0);
  raster.MarkMissing(2, 0);
  CHECK_FALSE(raster.HasSomeBand(0));
}

TEST_CASE("raster: a pixel invalid before any band was missing has none of them") {
  Raster raster(3, 1, 2, SampleType::kFloat32, ColorModel::kMultiband);
  raster.Invalidate(0);
  raster.MarkMissing(0, 1);
  CHECK_FALSE(raster.HasSomeBand(0));
  Raster other(3, 1, 2, SampleType::kFloat32, ColorModel::kMultiband);
  for (std::int64_t i = 0; i < 3; ++i) other.TakeValidity(2 - i, raster, i);
  CHECK(other.IsValid(0));
  CHECK(other.HasBand(1, 1));
  CHECK_FALSE(other.HasBand(0, 1));
  CHECK_FALSE(other.HasSomeBand(2));
}

TEST_CASE("raster: weights are one per pixel, finite and >= 0; 0 is no data") {
  Raster raster = Gray(SampleType::kUint8);
  CHECK(raster.Weight(3) == 1);
  raster.SetWeights({1, 0, 2.5f, 3});
  CHECK(raster.Weight(2) == 2.5f);
  CHECK_FALSE(raster.IsValid(1));
  CHECK(raster.CountValid() == 3);
  CHECK_THROWS_AS(raster.SetWeights({1, 2, 3}), ParameterError);
  CHECK_THROWS_AS(raster.SetWeights({1, -1, 2, 3}), ParameterError);
  CHECK_THROWS_AS(raster.SetWeights({1, NAN, 2, 3}), ParameterError);
}

}  // namespace gmmseg
