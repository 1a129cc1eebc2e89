#include <doctest/doctest.h>
#include <gmmseg/class_table.h>
#include <gmmseg/errors.h>

#include <algorithm>
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

// What one sees who lacks a kind of cone: matrices on linear RGB of Machado, Oliveira, Fernandes
// (2009), severity 1.
using Matrix = std::array<std::array<double, 3>, 3>;
constexpr Matrix kProtanopia{{{0.152286, 1.052583, -0.204868},
                              {0.114503, 0.786281, 0.099216},
                              {-0.003882, -0.048116, 1.051998}}};
constexpr Matrix kDeuteranopia{{{0.367322, 0.860646, -0.227968},
                                {0.280085, 0.672501, 0.047413},
                                {-0.011820, 0.042940, 0.968881}}};
constexpr Matrix kTritanopia{{{1.255528, -0.076749, -0.178779},
                              {-0.078411, 0.930809, 0.147602},
                              {0.004733, 0.691367, 0.303900}}};

double Linear(double c) { return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); }
double Encoded(double c) {
  return c <= 0.0031308 ? 12.92 * c : 1.055 * std::pow(c, 1 / 2.4) - 0.055;
}

Rgb SeenWith(const Matrix& matrix, Rgb color) {
  Rgb seen;
  for (int row = 0; row < 3; ++row) {
    double sum = 0;
    for (int c = 0; c < 3; ++c) sum += matrix[row][c] * Linear(color[c] / 255.0);
    seen[row] = static_cast<std::uint8_t>(std::lround(255 * Encoded(std::clamp(sum, 0.0, 1.0))));
  }
  return seen;
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

TEST_CASE("class colours: the first eight are 15 apart for readers who lack a kind of cone") {
  for (const Matrix& matrix : {kProtanopia, kDeuteranopia, kTritanopia})
    for (int i = 1; i <= 8; ++i)
      for (int j = i + 1; j <= 8; ++j) {
        CAPTURE(i);
        CAPTURE(j);
        CHECK(DeltaE(SeenWith(matrix, ClassColor(i)), SeenWith(matrix, ClassColor(j))) > 15);
      }
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
