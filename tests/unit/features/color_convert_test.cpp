#include "features/color_convert.h"

#include <doctest/doctest.h>
#include <gmmseg/errors.h>

#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "base/random.h"

namespace gmmseg {
namespace {

using Triple = std::array<double, 3>;

// The plain formulas, in double.

Triple Luma(const Triple& c) { return {255 * (0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2]), 0, 0}; }

Triple YCrCb(const Triple& c) {
  const double y = 0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2];
  return {255 * y, 255 * (0.713 * (c[0] - y) + 0.5), 255 * (0.564 * (c[2] - y) + 0.5)};
}

Triple HueDisc(const Triple& c) {
  const double value = std::max({c[0], c[1], c[2]}), chroma = value - std::min({c[0], c[1], c[2]});
  if (chroma == 0) return {0, 0, value};
  double sextant = 4 + (c[0] - c[1]) / chroma;
  if (value == c[1]) sextant = 2 + (c[2] - c[0]) / chroma;
  if (value == c[0]) sextant = (c[1] - c[2]) / chroma;
  const double hue = sextant * std::numbers::pi / 3;
  return {chroma / value * std::cos(hue), chroma / value * std::sin(hue), value};
}

struct Xyz {
  double x, y, z;
};

double ExpandSrgb(double v) {
  return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
}

Xyz ToXyz(const Triple& c) {
  const double r = ExpandSrgb(c[0]), g = ExpandSrgb(c[1]), b = ExpandSrgb(c[2]);
  return {0.412453 * r + 0.357580 * g + 0.180423 * b, 0.212671 * r + 0.715160 * g + 0.072169 * b,
          0.019334 * r + 0.119193 * g + 0.950227 * b};
}

double CieF(double t) {
  return t > std::pow(6.0 / 29, 3) ? std::cbrt(t) : t * 841 / 108 + 4.0 / 29;
}

Triple Lab(const Triple& c) {
  const Xyz p = ToXyz(c), white = ToXyz({1, 1, 1});
  const double fx = CieF(p.x / white.x), fy = CieF(p.y / white.y), fz = CieF(p.z / white.z);
  return {116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)};
}

Triple Luv(const Triple& c) {
  const Xyz p = ToXyz(c), white = ToXyz({1, 1, 1});
  const double sum = p.x + 15 * p.y + 3 * p.z, white_sum = white.x + 15 * white.y + 3 * white.z;
  if (sum == 0) return {0, 0, 0};
  const double lightness = 116 * CieF(p.y / white.y) - 16;
  return {lightness, 13 * lightness * (4 * p.x / sum - 4 * white.x / white_sum),
          13 * lightness * (9 * p.y / sum - 9 * white.y / white_sum)};
}

// The corners of the cube, then hashed 8-bit colours.
std::vector<Triple> TestColors() {
  std::vector<Triple> colors(kTileSize);
  for (std::size_t i = 0; i < colors.size(); ++i)
    for (int c = 0; c < 3; ++c)
      colors[i][c] =
          i < 8 ? static_cast<double>(i >> c & 1) : static_cast<double>(Hash(1, c, i) % 256) / 255;
  return colors;
}

ColorTile TileOf(const std::vector<Triple>& colors) {
  ColorTile tile;
  for (std::size_t i = 0; i < colors.size(); ++i)
    for (int c = 0; c < 3; ++c) tile.channels[c][i] = static_cast<float>(colors[i][c]);
  return tile;
}

Triple Converted(ColorSpace space, const Triple& color) {
  ColorTile tile = TileOf({color});
  ConvertColors(space, tile);
  return {tile.channels[0][0], tile.channels[1][0], tile.channels[2][0]};
}

template <typename Formula>
double LargestError(const ColorTile& converted, const std::vector<Triple>& colors, int num_features,
                    const Formula& formula) {
  double largest = 0;
  for (std::size_t i = 0; i < colors.size(); ++i)
    for (int d = 0; d < num_features; ++d)
      largest = std::max(largest, std::abs(converted.channels[d][i] - formula(colors[i])[d]));
  return largest;
}

template <typename Formula>
double ConversionError(ColorSpace space, int num_features, const Formula& formula) {
  const std::vector<Triple> colors = TestColors();
  ColorTile tile = TileOf(colors);
  ConvertColors(space, tile);
  return LargestError(tile, colors, num_features, formula);
}

template <typename Formula>
double LinearLightError(ColorSpace space, const Formula& formula) {
  const std::vector<Triple> colors = TestColors();
  ColorTile tile = TileOf(colors);
  for (auto& channel : tile.channels)
    for (float& v : channel) v = static_cast<float>(Linearize(v));
  ConvertLinearLight(space, tile);
  return LargestError(tile, colors, 3, formula);
}

double Distance(const Triple& a, const Triple& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

}  // namespace

TEST_CASE("colour: OpenCV's gray, YCrCb and HSV equal the formulas to float rounding") {
  CHECK(ConversionError(ColorSpace::kGray, 1, Luma) < 5e-5);
  CHECK(ConversionError(ColorSpace::kYCrCb, 3, YCrCb) < 5e-5);
  // OpenCV adds 1.2e-7 to V before it divides: 3e-5 of the saturation where V is 1 of 255.
  CHECK(ConversionError(ColorSpace::kHsv, 3, HueDisc) < 5e-5);
}

TEST_CASE("colour: rgb of 8-bit values are those integers") {
  for (int v = 0; v < 256; ++v) {
    const double unit = v / 255.0;
    CHECK(Converted(ColorSpace::kRgb, {unit, unit, unit})[0] == v);
  }
}

TEST_CASE("colour: Lab and Luv equal the CIE formulas, in double to 2e-5, in float to 1e-4") {
  CHECK(ConversionError(ColorSpace::kLab, 3, Lab) < 2e-5);
  CHECK(ConversionError(ColorSpace::kLuv, 3, Luv) < 2e-5);
  CHECK(LinearLightError(ColorSpace::kLab, Lab) < 1e-4);
  CHECK(LinearLightError(ColorSpace::kLuv, Luv) < 1e-4);
}

// scikit-image 0.19.3, color.rgb2lab and color.rgb2luv. It rounds white to five digits apart from
// the matrix, so that its own white has a* = -0.0025 and b* = 0.0047: hence the tolerance.
TEST_CASE("colour: Lab and Luv agree with scikit-image to its rounding of white") {
  struct Reference {
    Triple rgb, lab, luv;
  };
  const std::vector<Reference> references = {
      {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}},
      {{255, 255, 255}, {100, -0.0025, 0.0047}, {100, -0.0005, 0.0077}},
      {{255, 0, 0}, {53.2406, 80.0923, 67.2028}, {53.2406, 175.0145, 37.7562}},
      {{0, 255, 0}, {87.7351, -86.1830, 83.1797}, {87.7351, -83.0779, 107.3991}},
      {{0, 0, 255}, {32.2957, 79.1856, -107.8573}, {32.2957, -9.4049, -130.3370}},
      {{200, 120, 30}, {57.8556, 24.9877, 57.7359}, {57.8556, 65.6639, 52.4657}},
      {{12, 34, 56}, {12.6562, 0.1214, -16.8316}, {12.6562, -6.2178, -14.9025}},
      {{3, 2, 1}, {0.5869, 0.1224, 0.4706}, {0.5869, 0.2044, 0.2967}},
      {{90, 180, 200}, {68.7393, -21.2363, -18.3396}, {68.7393, -37.9956, -25.2646}},
  };
  for (const Reference& r : references) {
    const Triple rgb{r.rgb[0] / 255, r.rgb[1] / 255, r.rgb[2] / 255};
    CHECK(Distance(Converted(ColorSpace::kLab, rgb), r.lab) < 0.01);
    CHECK(Distance(Converted(ColorSpace::kLuv, rgb), r.luv) < 0.01);
  }
}

TEST_CASE("colour: grey has no chroma at all in Lab and Luv") {
  for (const ColorSpace space : {ColorSpace::kLab, ColorSpace::kLuv}) {
    std::vector<Triple> greys(kTileSize);
    for (std::size_t i = 0; i < greys.size(); ++i)
      greys[i].fill(static_cast<double>(i) / kTileSize);
    ColorTile exact = TileOf(greys), fast = TileOf(greys);
    ConvertColors(space, exact);
    ConvertLinearLight(space, fast);
    for (std::size_t i = 0; i < greys.size(); ++i)
      for (int d = 1; d < 3; ++d) {
        REQUIRE(exact.channels[d][i] == 0);
        REQUIRE(fast.channels[d][i] == 0);
      }
  }
}

TEST_CASE("colour: hsv has no seam at red and none at grey") {
  const double step = 1e-4;
  // Across red, from a touch of blue to a touch of green.
  CHECK(Distance(Converted(ColorSpace::kHsv, {0.8, 0.2, 0.2 + step}),
                 Converted(ColorSpace::kHsv, {0.8, 0.2 + step, 0.2})) < 10 * step);
  // Across grey, to opposite hues.
  CHECK(Distance(Converted(ColorSpace::kHsv, {0.5 + step, 0.5, 0.5}),
                 Converted(ColorSpace::kHsv, {0.5, 0.5 + step, 0.5 + step})) < 10 * step);
}

TEST_CASE("colour: beyond 0…1 Lab goes on monotonically, odd, and finite up to 1e30") {
  double last = -1e30;
  for (const double v : {-1e10, -10.0, -1.0, -0.01, 0.0, 0.01, 1.0, 10.0, 1e10, 1e30}) {
    const Triple lab = Converted(ColorSpace::kLab, {v, v, v});
    CHECK(lab[0] > last);
    CHECK(std::isfinite(lab[0]));
    CHECK(Converted(ColorSpace::kLab, {-v, -v, -v})[0] == -lab[0]);
    last = lab[0];
  }
}

TEST_CASE("colour: light of mixed sign gives finite features in every colour space") {
  for (const ColorSpace space : {ColorSpace::kGray, ColorSpace::kRgb, ColorSpace::kHsv,
                                 ColorSpace::kLab, ColorSpace::kLuv, ColorSpace::kYCrCb})
    for (const Triple& color : std::vector<Triple>{{-1, 0.5, 0.5},
                                                   {0, 0, -1e-20},
                                                   {1e30, -1e30, 5},
                                                   {0.3, -0.1, 0},
                                                   {-2, -3, -4},
                                                   {0, 0, -3}})
      for (const double feature : Converted(space, color)) CHECK(std::isfinite(feature));
  for (const double s : Converted(ColorSpace::kHsv, {1e-9, -1, -1})) CHECK(std::abs(s) <= 1);
}

TEST_CASE("colour: sRGB of Lab undoes Lab") {
  for (const Triple& color : TestColors()) {
    const Triple lab = Lab(color);
    REQUIRE(Distance(SrgbFromLab(lab[0], lab[1], lab[2]), color) < 1e-5);
  }
}

TEST_CASE("colour: auto and raw are not conversions") {
  ColorTile tile;
  CHECK_THROWS_AS(ConvertColors(ColorSpace::kAuto, tile), InternalError);
  CHECK_THROWS_AS(ConvertColors(ColorSpace::kRaw, tile), InternalError);
  CHECK_THROWS_AS(ConvertLinearLight(ColorSpace::kHsv, tile), InternalError);
}

}  // namespace gmmseg
