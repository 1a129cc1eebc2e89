#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/render.h>
#include <gmmseg/threads.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/random.h"

namespace gmmseg {
namespace {

constexpr Rgb kBlack{0, 0, 0}, kWhite{255, 255, 255};

ClassTable Classes(int num_classes) {
  ClassTable classes;
  for (int i = 1; i <= num_classes; ++i) {
    ClassEntry entry;
    entry.index = i;
    entry.color = ClassColor(i);
    classes.push_back(entry);
  }
  return classes;
}

int LargestDifference(Rgb a, Rgb b) {
  int largest = 0;
  for (int c = 0; c < 3; ++c) largest = std::max(largest, std::abs(a[c] - b[c]));
  return largest;
}

double Luma(Rgb c) { return 0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2]; }

}  // namespace

TEST_CASE("heatmap: 0 and 1 take the ends of the scale, 0 alone means no data") {
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> values{0, 1, 0.5f, 0.3f, -inf, inf, std::nanf("")};
  const std::vector<std::uint16_t> labels{1, 2, 3, 0, 1, 1, 1};
  CHECK(HeatIndices(values, labels) == std::vector<std::uint8_t>{1, 255, 128, 0, 1, 255, 1});
}

TEST_CASE("heatmap: an index stands for its value to half a step") {
  std::vector<float> values(1001);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / 1000.0f;
  const std::vector<std::uint8_t> indices =
      HeatIndices(values, std::vector<std::uint16_t>(values.size(), 1));
  for (std::size_t i = 0; i < values.size(); ++i)
    CHECK(std::abs((indices[i] - 1) / 254.0 - values[i]) <= 0.5 / 254 + 1e-6);
}

TEST_CASE("heatmap: one label per value, or an error") {
  CHECK_THROWS_AS(HeatIndices(std::vector<float>(3), std::vector<std::uint16_t>(2)),
                  ParameterError);
}

// matplotlib 3.6.3, entries 0, 64, 128, 192 and 255 of its 256; ours has 255 steps for the same
// range, so the comparison is at the nearest and the tolerance allows for the rest.
TEST_CASE("heat palette: viridis and magma agree with matplotlib") {
  const std::vector<Rgb> viridis = HeatPalette(ColorMap::kViridis);
  const std::vector<Rgb> magma = HeatPalette(ColorMap::kMagma);
  const std::vector<int> at{0, 64, 128, 192, 255};
  const std::vector<Rgb> viridis_reference{
      {68, 1, 84}, {58, 82, 139}, {32, 144, 140}, {96, 201, 96}, {253, 231, 36}};
  const std::vector<Rgb> magma_reference{
      {0, 0, 3}, {81, 18, 124}, {183, 55, 121}, {252, 140, 99}, {251, 252, 191}};
  for (std::size_t i = 0; i < at.size(); ++i) {
    const int index = 1 + static_cast<int>(std::lround(at[i] / 255.0 * 254));
    CHECK(LargestDifference(viridis[index], viridis_reference[i]) <= 5);
    CHECK(LargestDifference(magma[index], magma_reference[i]) <= 5);
  }
}

TEST_CASE("heat palette: lightness rises all the way, entry 0 is black") {
  for (const ColorMap map : {ColorMap::kViridis, ColorMap::kMagma}) {
    const std::vector<Rgb> palette = HeatPalette(map);
    REQUIRE(palette.size() == 256);
    CHECK(palette[0] == kBlack);
    for (int i = 2; i < 256; ++i) CHECK(Luma(palette[i]) > Luma(palette[i - 1]) - 1);
    CHECK(Luma(palette[255]) > Luma(palette[1]) + 180);
  }
}

TEST_CASE("label palette: black for no data, then each class at its index") {
  const std::vector<Rgb> palette = LabelPalette(Classes(5));
  REQUIRE(palette.size() == 6);
  CHECK(palette[0] == kBlack);
  for (int i = 1; i <= 5; ++i) CHECK(palette[i] == ClassColor(i));
  CHECK(LabelPalette({}).size() == 1);
}

TEST_CASE("display: 8-bit colours stay, 16-bit and float ones are scaled by white and clipped") {
  Raster bytes(1, 1, 3, SampleType::kUint8, ColorModel::kRgb);
  Raster words(1, 1, 3, SampleType::kUint16, ColorModel::kRgb);
  Raster floats(2, 1, 3, SampleType::kFloat32, ColorModel::kRgb);
  const Rgb color{10, 128, 255};
  for (int b = 0; b < 3; ++b) {
    bytes.Band<std::uint8_t>(b)[0] = color[b];
    words.Band<std::uint16_t>(b)[0] = static_cast<std::uint16_t>(257 * color[b]);
    floats.Band<float>(b)[0] = static_cast<float>(color[b]) / 255.0f;
    floats.Band<float>(b)[1] = b == 0 ? -3.0f : b == 1 ? 7.0f : std::nanf("");
  }
  CHECK(DisplayImage(bytes)[0] == color);
  CHECK(DisplayImage(words)[0] == color);
  CHECK(DisplayImage(floats)[0] == color);
  CHECK(DisplayImage(floats)[1] == Rgb{0, 255, 0});
}

TEST_CASE("display: integer grey stays, no data is black") {
  Raster gray(2, 1, 1, SampleType::kUint8, ColorModel::kGray);
  gray.Band<std::uint8_t>(0)[0] = gray.Band<std::uint8_t>(0)[1] = 90;
  gray.Invalidate(1);
  CHECK(DisplayImage(gray) == std::vector<Rgb>{{90, 90, 90}, kBlack});
}

TEST_CASE("display: other bands stretch from the 2nd to the 98th percentile") {
  Raster ramp(1000, 1, 1, SampleType::kFloat32, ColorModel::kGray);
  for (int i = 0; i < 1000; ++i) ramp.Band<float>(0)[i] = -500.0f + static_cast<float>(i);
  const std::vector<Rgb> picture = DisplayImage(ramp);
  CHECK(picture[20] == kBlack);
  CHECK(picture[979] == kWhite);
  CHECK(LargestDifference(picture[500], {128, 128, 128}) <= 1);

  Raster bands(1000, 1, 5, SampleType::kUint16, ColorModel::kMultiband);
  for (int i = 0; i < 1000; ++i) bands.Band<std::uint16_t>(1)[i] = static_cast<std::uint16_t>(i);
  CHECK(DisplayImage(bands)[990] == Rgb{128, 255, 128});  // flat bands are mid-grey
  Raster two(1000, 1, 2, SampleType::kUint16, ColorModel::kMultiband);
  for (int i = 0; i < 1000; ++i) two.Band<std::uint16_t>(0)[i] = static_cast<std::uint16_t>(i);
  CHECK(DisplayImage(two)[990] == kWhite);
}

TEST_CASE("display: a window is black up to its lower end, white from its upper one") {
  Raster raster(5, 1, 1, SampleType::kFloat32, ColorModel::kGray);
  for (int i = 0; i < 5; ++i) raster.Band<float>(0)[i] = static_cast<float>(-50 + 50 * i);
  CHECK(DisplayImage(raster, DisplayWindow{50, 100}) ==
        std::vector<Rgb>{kBlack, kBlack, {128, 128, 128}, kWhite, kWhite});
  Raster bytes(2, 1, 1, SampleType::kUint8, ColorModel::kGray);
  bytes.Band<std::uint8_t>(0)[0] = 20;
  bytes.Band<std::uint8_t>(0)[1] = 30;
  CHECK(DisplayImage(bytes, DisplayWindow{20, 20}) == std::vector<Rgb>{{128, 128, 128}, kWhite});
  CHECK_THROWS_AS(CheckDisplayWindow({0, 0}), ParameterError);
}

TEST_CASE("display: a flat band with outliers and a NaN is mid-grey, white, black and black") {
  Raster raster(1000, 1, 1, SampleType::kFloat32, ColorModel::kGray);
  raster.Band<float>(0)[1] = 7;
  raster.Band<float>(0)[2] = -7;
  raster.Band<float>(0)[3] = std::nanf("");
  const std::vector<Rgb> picture = DisplayImage(raster);
  CHECK(picture[0] == Rgb{128, 128, 128});
  CHECK(picture[1] == kWhite);
  CHECK(picture[2] == kBlack);
  CHECK(picture[3] == kBlack);
}

TEST_CASE("display: a float image without a finite value is black") {
  Raster raster(3, 1, 1, SampleType::kFloat32, ColorModel::kGray);
  std::fill_n(raster.Band<float>(0), 3, std::nanf(""));
  CHECK(DisplayImage(raster) == std::vector<Rgb>(3, kBlack));
}

TEST_CASE("overlay: tints by opacity and leaves label 0 alone") {
  const std::vector<Rgb> picture{{100, 100, 100}, {100, 100, 100}, {100, 100, 100}};
  const std::vector<std::uint16_t> labels{0, 1, 1};
  const ClassTable classes = Classes(1);
  CHECK(Overlay(picture, 3, 1, labels, classes, 0.0) == picture);
  const std::vector<Rgb> full = Overlay(picture, 3, 1, labels, classes, 1.0);
  CHECK(full == std::vector<Rgb>{picture[0], ClassColor(1), ClassColor(1)});
  const Rgb half = Overlay(picture, 3, 1, labels, classes)[1];
  for (int c = 0; c < 3; ++c)
    CHECK(half[c] == doctest::Approx(0.5 * (100 + ClassColor(1)[c])).epsilon(0.01));
}

TEST_CASE("overlay: a boundary is one pixel of black or white, and does not go round the edge") {
  // Two columns of class 1, two of class 2; rows end and begin with different classes.
  const std::int64_t width = 4, height = 3;
  const std::vector<std::uint16_t> labels{1, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2, 2};
  for (const Rgb shade : {kBlack, kWhite}) {
    const std::vector<Rgb> out =
        Overlay(std::vector<Rgb>(labels.size(), shade), width, height, labels, Classes(2));
    for (std::int64_t i = 0; i < std::ssize(labels); ++i) {
      const bool line = out[i] == kBlack || out[i] == kWhite;
      CHECK(line == (i % width == 1));
      if (line) CHECK(std::abs(Luma(out[i]) - Luma(out[i - 1])) > 60);
    }
  }
}

TEST_CASE("overlay: boundaries run along rows too, and none is drawn to no data") {
  const std::vector<std::uint16_t> labels{1, 0, 2, 1};
  const std::vector<Rgb> out =
      Overlay(std::vector<Rgb>(4, Rgb{9, 9, 9}), 2, 2, labels, Classes(2), 1.0);
  CHECK((out[0] == kBlack || out[0] == kWhite));
  CHECK(out[1] == Rgb{9, 9, 9});
  CHECK((out[2] == kBlack || out[2] == kWhite));
  CHECK(out[3] == ClassColor(1));
}

TEST_CASE("overlay: one and two threads give the same picture") {
  std::vector<Rgb> picture(300 * 200);
  std::vector<std::uint16_t> labels(picture.size());
  for (std::size_t i = 0; i < picture.size(); ++i) {
    picture[i].fill(static_cast<std::uint8_t>(Hash(1, 0, i)));
    labels[i] = static_cast<std::uint16_t>(Hash(1, 1, i) % 4);
  }
  const auto draw = [&](int threads) {
    const ThreadLimit limit(threads);
    return Overlay(picture, 300, 200, labels, Classes(3));
  };
  CHECK(draw(1) == draw(2));
}

TEST_CASE("overlay: sizes that differ, unknown labels and a bad opacity are refused") {
  const std::vector<Rgb> picture(4);
  const std::vector<std::uint16_t> labels{1, 1, 2, 3};
  CHECK_THROWS_AS(Overlay(picture, 3, 1, labels, Classes(3)), ParameterError);
  CHECK_THROWS_AS(Overlay(picture, 2, 2, std::vector<std::uint16_t>(3), Classes(3)),
                  ParameterError);
  CHECK_THROWS_WITH_AS(Overlay(picture, 2, 2, labels, Classes(2)),
                       "overlay: label 3 is not in the class table, which ends at 2; give the "
                       "table of these labels",
                       ParameterError);
  CHECK_THROWS_AS(Overlay(picture, 2, 2, labels, Classes(3), 1.5), ParameterError);
  CHECK_THROWS_AS(Overlay(picture, 2, 2, labels, Classes(3), std::nan("")), ParameterError);
}

}  // namespace gmmseg
