#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/features.h>
#include <gmmseg/threads.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "test_rasters.h"

namespace gmmseg {
namespace {

constexpr ColorSpace kColorSpaces[] = {ColorSpace::kGray, ColorSpace::kRgb, ColorSpace::kHsv,
                                       ColorSpace::kLab,  ColorSpace::kLuv, ColorSpace::kYCrCb,
                                       ColorSpace::kRaw};

std::vector<std::string> Names(const FeatureLayout& layout) {
  std::vector<std::string> names;
  for (const FeatureInfo& info : layout.info) names.push_back(info.name);
  return names;
}

Eigen::VectorXd Means(const Samples& samples) {
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(samples.num_features());
  for (std::int64_t i = 0; i < samples.size(); ++i) sum += samples.Value(i);
  return sum / static_cast<double>(samples.size());
}

ColorSpace Resolved(const Raster& raster) { return DescribeFeatures(raster, {}).spec.color; }

// Every plane with its padding is finite, weights are whole and count the valid pixels, and the
// floor is positive definite.
void CheckSound(const FeaturePlanes& planes) {
  const Samples& samples = planes.samples;
  bool finite = true, whole_weights = true;
  double total = 0;
  for (std::int64_t i = 0; i < samples.stride(); ++i) {
    for (int d = 0; d < samples.num_features(); ++d) finite &= std::isfinite(samples.Plane(d)[i]);
    const float weight = samples.weights()[i];
    total += weight;
    whole_weights &=
        weight == 0 ||
        (i < samples.size() && (planes.entry.empty() ? weight == 1 : weight == std::floor(weight)));
  }
  CHECK(finite);
  CHECK(whole_weights);
  CHECK(total == planes.num_valid);
  CHECK(planes.floor.rows() == samples.num_features());
  CHECK(Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(planes.floor).eigenvalues()[0] > 0);
}

Eigen::VectorXd ValueAt(const FeaturePlanes& planes, std::int64_t pixel) {
  return planes.samples.Value(planes.SampleOf(pixel));
}

bool SameBits(const FeaturePlanes& a, const FeaturePlanes& b) {
  for (int d = 0; d < a.samples.num_features(); ++d)
    if (!std::equal(a.samples.Plane(d), a.samples.Plane(d) + a.samples.stride(),
                    b.samples.Plane(d)))
      return false;
  return a.floor == b.floor && std::ranges::equal(a.entry, b.entry) &&
         a.samples.standardization().offset == b.samples.standardization().offset &&
         a.samples.standardization().scale == b.samples.standardization().scale;
}

}  // namespace

TEST_CASE("features: the words of the colour spaces go there and back") {
  for (const ColorSpace space : kColorSpaces) CHECK(ParseColorSpace(ToString(space)) == space);
  CHECK(ParseColorSpace("auto") == ColorSpace::kAuto);
  CHECK_THROWS_WITH_AS(
      ParseColorSpace("cmyk"),
      "colour space = 'cmyk'; must be one of auto, gray, rgb, hsv, lab, luv, ycrcb, raw",
      ParameterError);
}

TEST_CASE("features: auto is Lab for colour, gray for integer grey, raw otherwise") {
  CHECK(Resolved(Raster(2, 2, 3, SampleType::kUint8, ColorModel::kRgb)) == ColorSpace::kLab);
  CHECK(Resolved(Raster(2, 2, 3, SampleType::kFloat32, ColorModel::kRgb)) == ColorSpace::kLab);
  CHECK(Resolved(Raster(2, 2, 1, SampleType::kUint16, ColorModel::kGray)) == ColorSpace::kGray);
  CHECK(Resolved(Raster(2, 2, 1, SampleType::kFloat32, ColorModel::kGray)) == ColorSpace::kRaw);
  CHECK(Resolved(Raster(2, 2, 5, SampleType::kUint8, ColorModel::kMultiband)) == ColorSpace::kRaw);
}

TEST_CASE("features: bad requests are refused with what to do") {
  const Raster bands(2, 2, 5, SampleType::kUint8, ColorModel::kMultiband);
  CHECK_THROWS_WITH_AS(DescribeFeatures(bands, {ColorSpace::kHsv, 0}),
                       "colour space = hsv; needs a grey or colour image, and the 5 bands of this "
                       "one have no colour meaning; use \"raw\"",
                       ParameterError);
  for (const double weight : {-1.0, std::nan(""), HUGE_VAL})
    CHECK_THROWS_AS(DescribeFeatures(bands, {ColorSpace::kRaw, weight}), ParameterError);
  CHECK_THROWS_AS(ComputeFeatures(Raster(), {}), ParameterError);
}

TEST_CASE("features: position is a block of its own with the weight as temper") {
  const FeaturePlanes planes = ComputeFeatures(HashedPhoto(70, 90), {ColorSpace::kLab, 2.5});
  CHECK(Names(planes.layout) == std::vector<std::string>{"L*", "a*", "b*", "x", "y"});
  REQUIRE(planes.layout.blocks.size() == 2);
  CHECK(planes.layout.blocks[0] == FeatureBlock{0, 3, 1.0});
  CHECK(planes.layout.blocks[1] == FeatureBlock{3, 2, 2.5});
  const Eigen::VectorXd value = planes.samples.Value(3 + 70 * 5);
  CHECK(value[3] == 3);
  CHECK(value[4] == 5);
  CHECK(planes.floor.bottomRightCorner(2, 2) == Eigen::Matrix2d::Identity() / 12);
  CHECK(planes.floor.topRightCorner(3, 2).isZero());
}

TEST_CASE("features: a volume has z too") {
  const Raster volume(4, 3, 1, SampleType::kUint8, ColorModel::kGray, 5);
  const FeaturePlanes planes = ComputeFeatures(volume, {ColorSpace::kGray, 1});
  CHECK(Names(planes.layout) == std::vector<std::string>{"gray", "x", "y", "z"});
  const Eigen::VectorXd value = planes.samples.Value(1 + 4 * 2 + 12 * 3);
  CHECK(value.tail(3) == Eigen::Vector3d(1, 2, 3));
}

TEST_CASE("features: every colour space is sound for photos, grey, 16 bits, floats and one pixel") {
  std::vector<Raster> rasters;
  rasters.push_back(HashedPhoto(67, 83));
  rasters.push_back(HashedPhoto(1, 1));
  rasters.push_back(Raster(31, 2, 1, SampleType::kUint8, ColorModel::kGray));
  rasters.push_back(
      HashedRaster<std::uint16_t>(20, 30, 3, ColorModel::kRgb, [](double u) { return 65536 * u; }));
  rasters.push_back(
      HashedRaster<float>(20, 30, 3, ColorModel::kRgb, [](double u) { return 40 * u * u - 2; }));
  for (const Raster& raster : rasters)
    for (const ColorSpace space : kColorSpaces) {
      CAPTURE(std::string(ToString(space)));
      const FeaturePlanes planes = ComputeFeatures(raster, {space, 1});
      CheckSound(planes);
      CHECK(planes.samples.weights()[0] == 1);
    }
}

TEST_CASE("features: 8 and 16 bits of one photo give the same features") {
  const Raster narrow = HashedPhoto(40, 30);
  Raster wide(40, 30, 3, SampleType::kUint16, ColorModel::kRgb);
  for (int b = 0; b < 3; ++b)
    for (std::int64_t i = 0; i < wide.num_pixels(); ++i)
      wide.Band<std::uint16_t>(b)[i] =
          static_cast<std::uint16_t>(257 * narrow.Band<std::uint8_t>(b)[i]);
  for (const ColorSpace space : {ColorSpace::kRgb, ColorSpace::kLab, ColorSpace::kHsv}) {
    const FeaturePlanes a = ComputeFeatures(narrow, {space, 0});
    const FeaturePlanes b = ComputeFeatures(wide, {space, 0});
    CHECK((ValueAt(a, 17) - ValueAt(b, 17)).norm() < 1e-4);
    CHECK((a.floor - b.floor).norm() < 1e-3 * a.floor.norm());
  }
}

TEST_CASE("features: 12 bits with their own white give the colours of their 8-bit twin") {
  const Raster narrow = HashedPhoto(60, 50);
  Raster wide(60, 50, 3, SampleType::kUint16, ColorModel::kRgb);
  wide.SetWhite(4095);
  for (int b = 0; b < 3; ++b)
    for (std::int64_t i = 0; i < wide.num_pixels(); ++i)
      wide.Band<std::uint16_t>(b)[i] =
          static_cast<std::uint16_t>((narrow.Band<std::uint8_t>(b)[i] * 4095 + 127) / 255);
  for (const ColorSpace space : {ColorSpace::kRgb, ColorSpace::kLab, ColorSpace::kYCrCb}) {
    const FeaturePlanes a = ComputeFeatures(narrow, {space, 0});
    const FeaturePlanes b = ComputeFeatures(wide, {space, 0});
    CAPTURE(std::string(ToString(space)));
    // Half a step of 12 bits is 0.03 of 255, at most, and a mean's less.
    CHECK((Means(a.samples) - Means(b.samples)).cwiseAbs().maxCoeff() < 0.01);
    // One step of 8 bits is 16 of 12.
    const double ratio = std::sqrt(a.floor.trace() / b.floor.trace());
    CHECK(ratio == doctest::Approx(4095.0 / 255).epsilon(0.02));
  }
}

TEST_CASE("features: values above the declared white are white") {
  for (const ColorSpace space : kColorSpaces) {
    if (space == ColorSpace::kRaw) continue;
    Raster above(40, 1, 3, SampleType::kUint16, ColorModel::kRgb);
    above.SetWhite(1000);
    for (int b = 0; b < 3; ++b)
      for (std::int64_t i = 0; i < 40; ++i)
        above.Band<std::uint16_t>(b)[i] = static_cast<std::uint16_t>(i < 20 ? 1000 : 65535);
    const FeaturePlanes planes = ComputeFeatures(above, {space, 0});
    CheckSound(planes);
    CHECK(ValueAt(planes, 0) == ValueAt(planes, 39));
  }
}

TEST_CASE("features: a grey photo is R = G = B, and its gray is itself") {
  const Raster gray =
      HashedRaster<std::uint8_t>(20, 20, 1, ColorModel::kGray, [](double u) { return 256 * u; });
  const double value = gray.Band<std::uint8_t>(0)[7];
  CHECK(ValueAt(ComputeFeatures(gray, {}), 7)[0] == value);
  CHECK(ValueAt(ComputeFeatures(gray, {ColorSpace::kRgb, 0}), 7) ==
        Eigen::Vector3d::Constant(value));
  const Eigen::VectorXd lab = ValueAt(ComputeFeatures(gray, {ColorSpace::kLab, 0}), 7);
  CHECK(lab.tail(2).isZero());
}

TEST_CASE("features: raw keeps the file's values of five bands") {
  const Raster bands = HashedRaster<std::uint16_t>(30, 30, 5, ColorModel::kMultiband,
                                                   [](double u) { return 5000 + 3000 * u; });
  const FeaturePlanes planes = ComputeFeatures(bands, {});
  CHECK(Names(planes.layout).back() == "band 5");
  for (int b = 0; b < 5; ++b) CHECK(ValueAt(planes, 123)[b] == bands.Band<std::uint16_t>(b)[123]);
  CHECK(planes.floor.isApprox(Eigen::MatrixXd::Identity(5, 5) / 12));
}

TEST_CASE("features: a colour gives the same bits wherever it stands") {
  const Raster flat =
      HashedRaster<std::uint8_t>(4099, 1, 3, ColorModel::kRgb, [](double) { return 77; });
  for (const ColorSpace space : kColorSpaces) {
    const Samples samples = ComputeFeatures(flat, {space, 1}).samples;
    for (int d = 0; d < samples.num_features() - 2; ++d)
      CHECK(std::count(samples.Plane(d), samples.Plane(d) + 4099, samples.Plane(d)[0]) == 4099);
  }
}

TEST_CASE("features: nodata, NaN and infinity weigh nothing and stay finite") {
  Raster raster = HashedRaster<float>(10, 10, 3, ColorModel::kRgb, [](double u) { return u; });
  raster.Band<float>(0)[3] = std::nanf("");
  raster.Band<float>(1)[4] = std::numeric_limits<float>::infinity();
  raster.Band<float>(2)[5] = -std::numeric_limits<float>::infinity();
  raster.Invalidate(6);
  for (const ColorSpace space : kColorSpaces) {
    const FeaturePlanes planes = ComputeFeatures(raster, {space, 1});
    CheckSound(planes);
    for (std::int64_t i = 0; i < 100; ++i)
      REQUIRE(planes.samples.weights()[i] == (i >= 3 && i <= 6 ? 0.0f : 1.0f));
  }
}

TEST_CASE("features: the largest floats weigh nothing where their features are not finite") {
  Raster raster = HashedRaster<float>(10, 1, 3, ColorModel::kRgb, [](double u) { return u; });
  for (int b = 0; b < 3; ++b) {
    raster.Band<float>(b)[0] = std::numeric_limits<float>::max();
    raster.Band<float>(b)[1] = 1e30f;
  }
  const FeaturePlanes rgb = ComputeFeatures(raster, {ColorSpace::kRgb, 0});
  const FeaturePlanes lab = ComputeFeatures(raster, {ColorSpace::kLab, 0});
  CheckSound(rgb);
  CheckSound(lab);
  CHECK(rgb.samples.weights()[0] == 0);
  CHECK(rgb.samples.weights()[1] == 1);
  CHECK(lab.samples.weights()[0] == 1);
}

TEST_CASE("features: an image without a valid pixel is sound") {
  for (const SampleType type : {SampleType::kUint8, SampleType::kUint16, SampleType::kFloat32})
    for (const ColorSpace space : kColorSpaces) {
      Raster raster(3, 2, 3, type, ColorModel::kRgb);
      for (std::int64_t i = 0; i < 6; ++i) raster.Invalidate(i);
      const FeaturePlanes planes = ComputeFeatures(raster, {space, 1});
      CheckSound(planes);
      CHECK(std::count(planes.samples.weights(), planes.samples.weights() + 6, 0.0f) == 6);
    }
}

TEST_CASE("features: float floors are 1e-6 of the variance, and positive for constant bands") {
  Raster raster =
      HashedRaster<float>(100, 100, 2, ColorModel::kMultiband, [](double u) { return 30 * u; });
  std::fill_n(raster.Band<float>(1), raster.num_pixels(), 1000.0f);
  const Eigen::MatrixXd floor = ComputeFeatures(raster, {}).floor;
  CHECK(floor(0, 0) == doctest::Approx(1e-6 * 900.0 / 12).epsilon(0.02));
  CHECK(floor(1, 1) > 0);
  CHECK(floor(1, 1) < 1e-6);
}

TEST_CASE("features: one and two threads give the same bits") {
  const Raster photo = HashedPhoto(211, 97);
  const Raster hdr =
      HashedRaster<float>(211, 97, 3, ColorModel::kRgb, [](double u) { return 3 * u - 1; });
  for (const Raster* raster : {&photo, &hdr})
    for (const ColorSpace space : kColorSpaces) {
      const auto compute = [&](int threads) {
        const ThreadLimit limit(threads);
        return ComputeFeatures(*raster, {space, 1});
      };
      CHECK(SameBits(compute(1), compute(2)));
    }
}

}  // namespace gmmseg
