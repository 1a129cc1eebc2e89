#include "features/quantization.h"

#include <doctest/doctest.h>
#include <gmmseg/errors.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "features/color_convert.h"
#include "features/pixel_sample.h"
#include "test_rasters.h"

namespace gmmseg {
namespace {

Raster Gray16(const std::function<double(double)>& value) {
  return HashedRaster<std::uint16_t>(60, 100, 1, ColorModel::kGray, value);
}

// The mean over the pixels of the covariance of the features when the band values move uniformly
// by ±½ step: what the floor stands for, by brute force.
Eigen::Matrix3d MonteCarloFloor(const Raster& raster, ColorSpace space, double step) {
  Eigen::Matrix3d sum = Eigen::Matrix3d::Zero();
  const int num_pixels = 300;
  for (int pixel = 0; pixel < num_pixels; ++pixel) {
    ColorTile tile;
    for (int c = 0; c < 3; ++c)
      for (std::int64_t i = 0; i < kTileSize; ++i) {
        const double noise = (ToUnit(Hash(9, c, pixel * kTileSize + i)) - 0.5) * step;
        tile.channels[c][i] =
            static_cast<float>((raster.Band<std::uint8_t>(c)[pixel] + noise) / raster.white());
      }
    ConvertColors(space, tile);
    Eigen::Matrix<double, 3, Eigen::Dynamic> rows(3, kTileSize);
    for (int d = 0; d < 3; ++d)
      rows.row(d) =
          Eigen::Map<const Eigen::RowVectorXf>(tile.channels[d].data(), kTileSize).cast<double>();
    rows.colwise() -= rows.rowwise().mean().eval();
    sum += rows * rows.transpose() / static_cast<double>(kTileSize);
  }
  return sum / num_pixels;
}

double SmallestEigenvalue(const Eigen::MatrixXd& matrix) {
  return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(matrix).eigenvalues()[0];
}

}  // namespace

TEST_CASE("step: 12 bits in 16, 8 bits widened, an offset comb and full depth are told apart") {
  CHECK(QuantizationStep(Gray16([](double u) { return 16 * std::floor(4096 * u); }), 0) == 16);
  CHECK(QuantizationStep(Gray16([](double u) { return 257 * std::floor(256 * u); }), 0) == 257);
  CHECK(QuantizationStep(Gray16([](double u) { return 7 + 10 * std::floor(500 * u); }), 0) == 10);
  CHECK(QuantizationStep(Gray16([](double u) { return 65536 * u; }), 0) == 1);
}

TEST_CASE("step: one odd value among thousands makes it 1") {
  Raster raster = Gray16([](double u) { return 16 * std::floor(4096 * u); });
  raster.Band<std::uint16_t>(0)[4711] = 333;
  CHECK(QuantizationStep(raster, 0) == 1);
  raster.Invalidate(4711);
  CHECK(QuantizationStep(raster, 0) == 16);
}

TEST_CASE("step: a constant band has one quantum, few levels at most 1/16 of their range") {
  CHECK(QuantizationStep(Gray16([](double) { return 5000; }), 0) == 1);
  CHECK(QuantizationStep(Gray16([](double u) { return u < 0.5 ? 100 : 132; }), 0) == 2);
  CHECK(QuantizationStep(Gray16([](double u) { return std::floor(2 * u); }), 0) == 1.0 / 16);
}

TEST_CASE("step: a float band has none") {
  CHECK_THROWS_AS(QuantizationStep(Raster(2, 2, 1, SampleType::kFloat32, ColorModel::kGray), 0),
                  InternalError);
}

TEST_CASE("floor: equals the Monte-Carlo covariance of rounding in Lab, Luv, HSV and YCrCb") {
  // 300 pixels away from the ends of the range, where clamping and curvature play no part.
  const Raster raster = HashedRaster<std::uint8_t>(30, 10, 3, ColorModel::kRgb,
                                                   [](double u) { return 40 + 200 * u; });
  for (const ColorSpace space :
       {ColorSpace::kLab, ColorSpace::kLuv, ColorSpace::kHsv, ColorSpace::kYCrCb}) {
    const Eigen::MatrixXd floor = QuantizationFloor(raster, space, 3);
    const Eigen::Matrix3d reference = MonteCarloFloor(raster, space, 1);
    CAPTURE(std::string(ToString(space)));
    CHECK((floor - reference).norm() < 0.02 * reference.norm());
  }
}

TEST_CASE("floor: rgb has step²/12 per band") {
  Raster raster = HashedPhoto(100, 100);
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i) raster.Band<std::uint8_t>(1)[i] &= 0xf8;
  const Eigen::MatrixXd floor = QuantizationFloor(raster, ColorSpace::kRgb, 3);
  const Eigen::Vector3d expected = Eigen::Vector3d(1, 64, 1) / 12;
  CHECK((floor - Eigen::Matrix3d(expected.asDiagonal())).norm() < 1e-4 * expected.norm());
}

TEST_CASE("floor: a black photo does not blind hue and saturation") {
  const Raster night = HashedRaster<std::uint8_t>(
      50, 50, 3, ColorModel::kRgb, [](double u) { return u < 0.9 ? 2 * u : 255 * u; });
  const Eigen::MatrixXd floor = QuantizationFloor(night, ColorSpace::kHsv, 3);
  CHECK(std::sqrt(floor.diagonal().maxCoeff()) < 0.02);
  CHECK(SmallestEigenvalue(floor) > 0);
}

TEST_CASE("floor: positive definite for grey, black, white, two-colour and one-pixel images") {
  const auto flat = [](double value) {
    return HashedRaster<std::uint8_t>(3, 1, 3, ColorModel::kRgb, [=](double) { return value; });
  };
  std::vector<Raster> rasters;
  rasters.push_back(flat(0));
  rasters.push_back(flat(255));
  rasters.push_back(Raster(1, 1, 1, SampleType::kUint8, ColorModel::kGray));
  rasters.push_back(Gray16([](double u) { return 65536 * u; }));
  rasters.push_back(HashedRaster<std::uint8_t>(9, 9, 3, ColorModel::kRgb,
                                               [](double u) { return u < 0.5 ? 0 : 255; }));
  for (const Raster& raster : rasters)
    for (const ColorSpace space : {ColorSpace::kRgb, ColorSpace::kHsv, ColorSpace::kLab,
                                   ColorSpace::kLuv, ColorSpace::kYCrCb}) {
      const Eigen::MatrixXd floor = QuantizationFloor(raster, space, 3);
      CAPTURE(std::string(ToString(space)));
      CHECK(SmallestEigenvalue(floor) > 0);
      CHECK((floor - floor.transpose()).norm() < 1e-12 * floor.norm());
    }
}

TEST_CASE("pixel sample: all pixels of a small raster, spread and valid ones of a large one") {
  Raster small(5, 4, 1, SampleType::kUint8, ColorModel::kGray);
  small.Invalidate(3);
  CHECK(SampleValidPixels(small, 100).size() == 19);

  Raster large(1000, 50, 1, SampleType::kUint8, ColorModel::kGray);
  for (std::int64_t i = 0; i < 25000; ++i) large.Invalidate(i);
  const std::vector<std::int64_t> pixels = SampleValidPixels(large, 100);
  CHECK(pixels.size() == 50);
  CHECK(std::ranges::is_sorted(pixels));
  CHECK(std::ranges::all_of(pixels, [&](std::int64_t i) { return large.IsValid(i); }));
}

}  // namespace gmmseg
