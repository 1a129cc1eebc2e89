#include <doctest/doctest.h>
#include <gmmseg/class_table.h>
#include <gmmseg/errors.h>

#include <cmath>
#include <set>

#include "features/color_convert.h"

namespace gmmseg {
namespace {

std::array<double, 3> LabOf(Rgb color) {
  ColorTile tile;
  for (int c = 0; c < 3; ++c) tile.channels[c][0] = static_cast<float>(color[c]) / 255.0f;
  ConvertColors(ColorSpace::kLab, tile);
  return {tile.channels[0][0], tile.channels[1][0], tile.channels[2][0]};
}

double DeltaE(Rgb a, Rgb b) {
  const std::array<double, 3> p = LabOf(a), q = LabOf(b);
  return std::hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

}  // namespace

TEST_CASE("class colours: any two of the first 32 are at least 13 apart in Lab, 30 from black") {
  for (int i = 1; i <= 32; ++i) {
    CHECK(DeltaE(ClassColor(i), {0, 0, 0}) > 30);
    for (int j = i + 1; j <= 32; ++j) {
      CAPTURE(i);
      CAPTURE(j);
      CHECK(DeltaE(ClassColor(i), ClassColor(j)) > 13);
    }
  }
}

TEST_CASE("class colours: neighbours among the first eight are at least 30 apart") {
  for (int i = 1; i < 8; ++i) CHECK(DeltaE(ClassColor(i), ClassColor(i + 1)) > 30);
}

TEST_CASE("class colours: 255 classes have 255 colours, none of them black") {
  std::set<Rgb> colors;
  for (int i = 1; i <= 255; ++i) colors.insert(ClassColor(i));
  CHECK(colors.size() == 255);
  CHECK(!colors.contains({0, 0, 0}));
}

TEST_CASE("class colours: class 0 is no class") {
  CHECK_THROWS_WITH_AS(ClassColor(0), "class = 0; must be >= 1", ParameterError);
}

TEST_CASE("class colours: hexadecimal goes there and back, and bad text is refused") {
  CHECK(ToHex({0, 0x72, 0xb2}) == "#0072b2");
  CHECK(RgbFromHex("#0072B2") == Rgb{0, 0x72, 0xb2});
  for (int i = 1; i <= 32; ++i) CHECK(RgbFromHex(ToHex(ClassColor(i))) == ClassColor(i));
  for (const std::string text : {"", "#", "0072b2", "#0072b", "#0072b22", "#00-2b2", "#+072b2",
                                 "# 072b2", "#0x72b2", "#00g2b2"})
    CHECK_THROWS_AS(RgbFromHex(text), ParameterError);
}

}  // namespace gmmseg
