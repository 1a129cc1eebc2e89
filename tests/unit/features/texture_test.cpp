#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/features.h>

#include <Eigen/Eigenvalues>
#include <cmath>

#include "test_rasters.h"

namespace gmmseg {
namespace {

const FeatureSpec kLabAndTexture = ParseFeatures("lab,texture");

// Mid-grey; right of column 32, pixels in turn 10 levels darker and brighter.
Raster HalfRough() {
  Raster raster(64, 48, 3, SampleType::kUint8, ColorModel::kRgb);
  for (int b = 0; b < 3; ++b)
    for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
      const std::int64_t x = i % 64, y = i / 64;
      raster.Band<std::uint8_t>(b)[i] = static_cast<std::uint8_t>(128 + (x < 32             ? 0
                                                                         : (x + y) % 2 == 0 ? 10
                                                                                            : -10));
    }
  return raster;
}

double ValueAt(const FeaturePlanes& planes, std::int64_t x, std::int64_t y, int d) {
  return planes.samples.Value(planes.SampleOf(y * 64 + x))[d];
}

TEST_CASE("words of features: a colour space, texture, or both") {
  CHECK(ParseFeatures("hsv") == FeatureSpec{.color = ColorSpace::kHsv});
  CHECK(ParseFeatures("texture") == FeatureSpec{.texture = Texture::kOn});
  for (const char* words : {"lab", "auto", "texture", "gray,texture", "raw,texture"})
    CHECK(FeatureWords(ParseFeatures(words)) == words);
  for (const char* words :
       {"", "texture,lab", "lab,", "lab,hsv", "texture,texture", "lab,texture,"})
    CHECK_THROWS_AS(ParseFeatures(words), ParameterError);
}

TEST_CASE("texture is ln(2 + deviation of L*) at two scales, in the colours' block") {
  const FeaturePlanes planes = ComputeFeatures(HalfRough(), kLabAndTexture);
  const FeatureLayout& layout = planes.layout;
  REQUIRE(layout.info.size() == 5);
  CHECK(layout.info[3].name == "texture 2");
  CHECK(layout.info[4].source == "texture");
  CHECK(layout.NumColors() == 3);
  CHECK(layout.blocks == std::vector<FeatureBlock>{{0, 5, 1.0}});
  CHECK(planes.entry.empty());
  const double deviation = (ValueAt(planes, 50, 20, 0) - ValueAt(planes, 51, 20, 0)) / 2;
  for (const int d : {3, 4}) {
    CHECK(ValueAt(planes, 2, 20, d) == doctest::Approx(std::log(2)).epsilon(1e-4));
    CHECK(ValueAt(planes, 56, 20, d) ==
          doctest::Approx(std::log(2 + std::abs(deviation))).epsilon(5e-3));
  }
  CHECK(Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(planes.floor).eigenvalues()[0] > 0);
}

TEST_CASE("texture is that of L*, whatever the colour space, and position goes behind it") {
  FeatureSpec spec = ParseFeatures("hsv,texture");
  spec.position_weight = 1;
  const FeaturePlanes planes = ComputeFeatures(HalfRough(), spec);
  CHECK(planes.layout.info.back().name == "y");
  CHECK(planes.layout.blocks.size() == 2);
  const FeaturePlanes lab = ComputeFeatures(HalfRough(), kLabAndTexture);
  CHECK(ValueAt(planes, 40, 9, 3) == doctest::Approx(ValueAt(lab, 40, 9, 3)).epsilon(1e-4));
}

TEST_CASE("texture does not see pixels without data, and each slice has its own") {
  Raster raster = HalfRough();
  for (std::int64_t y = 0; y < 48; ++y)
    for (std::int64_t x = 32; x < 64; ++x) raster.Invalidate(y * 64 + x);
  const FeaturePlanes planes = ComputeFeatures(raster, kLabAndTexture);
  CHECK(planes.num_valid == 32 * 48);
  CHECK(ValueAt(planes, 31, 20, 4) == doctest::Approx(std::log(2)).epsilon(1e-4));

  Raster slices(64, 8, 1, SampleType::kUint8, ColorModel::kGray, 2);
  for (std::int64_t i = 64 * 8; i < slices.num_pixels(); ++i)
    slices.Band<std::uint8_t>(0)[i] = i % 2 == 0 ? 90 : 160;
  const FeaturePlanes of_slices = ComputeFeatures(slices, ParseFeatures("gray,texture"));
  CHECK(of_slices.samples.Value(7 * 64 + 30)[2] == doctest::Approx(std::log(2)).epsilon(1e-4));
  CHECK(of_slices.samples.Value(8 * 64 + 30)[2] > 2);
}

TEST_CASE("texture needs lightness, and whole pixels") {
  const Raster bands(4, 4, 5, SampleType::kUint16, ColorModel::kMultiband);
  CHECK_THROWS_AS(DescribeFeatures(bands, ParseFeatures("raw,texture")), ParameterError);
  FeatureSpec marginal = ParseFeatures("raw,texture");
  marginal.missing = MissingValues::kMarginal;
  CHECK_THROWS_AS(DescribeFeatures(HalfRough(), marginal), ParameterError);
}

}  // namespace
}  // namespace gmmseg
