#include "io/orientation.h"

#include <doctest/doctest.h>

#include "test_files.h"

namespace gmmseg {
namespace {

using namespace test;

// Stored rows: 1 2 3 / 4 5 6, the 4 without data.
Raster Stored() {
  Raster raster(3, 2, 1, SampleType::kUint8, ColorModel::kGray);
  for (int i = 0; i < 6; ++i) raster.Band<std::uint8_t>(0)[i] = static_cast<std::uint8_t>(i + 1);
  raster.Invalidate(3);
  return raster;
}

struct Expected {
  int orientation;
  std::int64_t width;
  std::vector<std::uint8_t> upright;
};

}  // namespace

TEST_CASE("orientation: all eight agree with TIFF 6.0's table, validity turns along") {
  const Expected table[] = {{1, 3, {1, 2, 3, 4, 5, 6}}, {2, 3, {3, 2, 1, 6, 5, 4}},
                            {3, 3, {6, 5, 4, 3, 2, 1}}, {4, 3, {4, 5, 6, 1, 2, 3}},
                            {5, 2, {1, 4, 2, 5, 3, 6}}, {6, 2, {4, 1, 5, 2, 6, 3}},
                            {7, 2, {6, 3, 5, 2, 4, 1}}, {8, 2, {3, 6, 2, 5, 1, 4}},
                            {0, 3, {1, 2, 3, 4, 5, 6}}, {9, 3, {1, 2, 3, 4, 5, 6}}};
  for (const Expected& expected : table) {
    CAPTURE(expected.orientation);
    const Raster raster = Upright(Stored(), expected.orientation);
    CHECK(raster.width() == expected.width);
    CHECK(BandOf<std::uint8_t>(raster, 0) == expected.upright);
    for (std::int64_t i = 0; i < 6; ++i) CHECK(raster.IsValid(i) == (expected.upright[i] != 4));
  }
}

TEST_CASE("exif: garbage is upright") {
  CHECK(ExifOrientation({}) == 1);
  const Bytes short_block = {'I', 'I', 42, 0, 8};
  CHECK(ExifOrientation(short_block) == 1);
  const Bytes wild = {'I', 'I', 42, 0, 0xff, 0xff, 0xff, 0xff};
  CHECK(ExifOrientation(wild) == 1);
}

}  // namespace gmmseg
