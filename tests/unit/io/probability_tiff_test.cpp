#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/image_io.h>

#include "test_files.h"

namespace gmmseg {
namespace {

using namespace test;

constexpr int kWidth = 300, kHeight = 500;  // several strips, the last one short

std::vector<float> Ramp(float phase) {
  std::vector<float> values(kWidth * kHeight);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = 0.5f + 0.5f * std::sin(phase + 0.001f * static_cast<float>(i));
  return values;
}

std::vector<std::uint16_t> Labels() {
  std::vector<std::uint16_t> labels(kWidth * kHeight, 1);
  labels[5] = labels.back() = 0;
  return labels;
}

Raster RoundTrip(const std::string& path, ProbabilityDepth depth, int num_classes = 2) {
  ProbabilityTiffWriter writer(path, kWidth, kHeight, num_classes, depth);
  for (int k = 0; k < num_classes; ++k) writer.WritePlane(Ramp(static_cast<float>(k)), Labels());
  writer.Close();
  return ReadImage(path);
}

std::string TextOf(const std::string& path) {
  const Bytes bytes = ReadAll(path);
  return std::string(bytes.begin(), bytes.end());
}

}  // namespace

TEST_CASE("probabilities: float comes back exactly, 0 where no data") {
  const TemporaryFolder folder;
  const Raster raster = RoundTrip(folder.File("p.tif"), ProbabilityDepth::kFloat32);
  std::vector<float> expected = Ramp(1);
  expected[5] = expected.back() = 0;
  CHECK(BandOf<float>(raster, 1) == expected);
  CHECK(folder.CountFiles() == 1);
}

TEST_CASE("probabilities: integers are rounded steps, and no data is tagged") {
  const TemporaryFolder folder;
  const std::vector<float> ramp = Ramp(0);
  const Raster bytes = RoundTrip(folder.File("8.tif"), ProbabilityDepth::kUint8);
  const Raster words = RoundTrip(folder.File("16.tif"), ProbabilityDepth::kUint16);
  for (const Raster* raster : {&bytes, &words}) {
    CHECK(raster->CountValid() == kWidth * kHeight - 2);
    CHECK_FALSE(raster->IsValid(5));
  }
  CHECK(bytes.Band<std::uint8_t>(0)[5] == 255);
  CHECK(words.Band<std::uint16_t>(0)[5] == 65535);
  for (std::int64_t i = 6; i < bytes.num_pixels() - 1; i += 97) {
    REQUIRE(bytes.Band<std::uint8_t>(0)[i] == std::lround(ramp[i] * 250.0));
    REQUIRE(words.Band<std::uint16_t>(0)[i] == std::lround(ramp[i] * 10000.0));
  }
}

TEST_CASE("probabilities: bands are named, scaled and tagged as GDAL expects") {
  const TemporaryFolder folder;
  RoundTrip(folder.File("p.tif"), ProbabilityDepth::kUint8);
  const std::string text = TextOf(folder.File("p.tif"));
  for (const char* item :
       {"<Item name=\"DESCRIPTION\" sample=\"1\" role=\"description\">P(2)</Item>",
        "<Item name=\"SCALE\" sample=\"0\" role=\"scale\">0.004</Item>",
        "<Item name=\"OFFSET\" sample=\"0\" role=\"offset\">0</Item>"})
    CHECK(text.find(item) != std::string::npos);
}

TEST_CASE("probabilities: one class is a plain grey TIFF") {
  const TemporaryFolder folder;
  CHECK(RoundTrip(folder.File("p.tif"), ProbabilityDepth::kFloat32, 1).color_model() ==
        ColorModel::kGray);
}

TEST_CASE("probabilities: without Close nothing is left") {
  const TemporaryFolder folder;
  {
    ProbabilityTiffWriter writer(folder.File("p.tif"), kWidth, kHeight, 2,
                                 ProbabilityDepth::kFloat32);
    writer.WritePlane(Ramp(0), Labels());
    CHECK_THROWS_AS(writer.Close(), ParameterError);
  }
  CHECK(folder.CountFiles() == 0);
}

TEST_CASE("probabilities: planes that do not fit are the caller's error") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(ProbabilityTiffWriter(folder.File("p.tif"), 0, 1, 1, ProbabilityDepth::kUint8),
                  ParameterError);
  CHECK_THROWS_AS(ProbabilityTiffWriter(folder.File("p.tif"), 1, 1, 0, ProbabilityDepth::kUint8),
                  ParameterError);
  ProbabilityTiffWriter writer(folder.File("p.tif"), 1, 1, 1, ProbabilityDepth::kUint8);
  CHECK_THROWS_AS(writer.WritePlane(std::vector<float>(2), std::vector<std::uint16_t>(2)),
                  ParameterError);
  writer.WritePlane(std::vector<float>(1), std::vector<std::uint16_t>(1));
  CHECK_THROWS_AS(writer.WritePlane(std::vector<float>(1), std::vector<std::uint16_t>(1)),
                  ParameterError);
}

TEST_CASE("float TIFF: values come back exactly, NaN as no data, named and tagged for GDAL") {
  const TemporaryFolder folder;
  std::vector<float> values = Ramp(2);
  values[5] = std::numeric_limits<float>::quiet_NaN();
  WriteFloatTiff(folder.File("d.tif"), kWidth, kHeight, {"log-density"},
                 [&](int) { return [&](std::int64_t pixel) { return values[pixel]; }; });
  const Raster raster = ReadImage(folder.File("d.tif"));
  CHECK(raster.num_bands() == 1);
  CHECK(raster.CountValid() == kWidth * kHeight - 1);
  CHECK_FALSE(raster.IsValid(5));
  values[5] = raster.Band<float>(0)[5];
  CHECK(BandOf<float>(raster, 0) == values);
  CHECK(TextOf(folder.File("d.tif")).find("role=\"description\">log-density<") !=
        std::string::npos);
  CHECK(TextOf(folder.File("d.tif")).find(std::string("nan\0", 4)) != std::string::npos);
}

}  // namespace gmmseg
