#include "features/band_projection.h"

#include <doctest/doctest.h>
#include <gmmseg/errors.h>

#include <cmath>

#include "features/quantization.h"
#include "test_rasters.h"

namespace gmmseg {
namespace {

// Seven bands that three kinds of light make, and a little noise.
Raster MixedBands(std::int64_t width, std::int64_t height) {
  Raster raster(width, height, 7, SampleType::kUint16, ColorModel::kMultiband);
  for (int b = 0; b < 7; ++b)
    for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
      double value = 500 + 10 * ToUnit(Hash(9, b, i));
      for (int light = 0; light < 3; ++light)
        value += 900.0 / (1 + light) * ToUnit(Hash(7, light, i)) * ToUnit(Hash(8, light, b));
      raster.Band<std::uint16_t>(b)[i] = static_cast<std::uint16_t>(value);
    }
  return raster;
}

FeatureSpec Components(int count) {
  FeatureSpec spec;
  spec.num_principal = count;
  return spec;
}

// The mean and the covariance of the features over pixels with data, the user's units.
struct Moments {
  Eigen::VectorXd mean;
  Eigen::MatrixXd covariance;
};
Moments MomentsOf(const Raster& raster, const FeaturePlanes& planes) {
  const int size = planes.samples.num_features();
  Moments moments{Eigen::VectorXd::Zero(size), Eigen::MatrixXd::Zero(size, size)};
  double total = 0;
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
    if (!raster.IsValid(i)) continue;
    const Eigen::VectorXd x = planes.samples.Value(planes.SampleOf(i));
    moments.mean += raster.Weight(i) * x;
    moments.covariance += raster.Weight(i) * x * x.transpose();
    total += raster.Weight(i);
  }
  moments.mean /= total;
  moments.covariance = moments.covariance / total - moments.mean * moments.mean.transpose();
  return moments;
}

}  // namespace

TEST_CASE("principal components: white over the pixels with data, by their weights") {
  Raster raster = MixedBands(90, 70);
  std::vector<float> weights(raster.num_pixels());
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i)
    weights[i] = static_cast<float>(i % 5 == 0 ? 0.0 : 0.5 + ToUnit(Hash(4, 0, i)));
  for (std::int64_t i = 0; i < 500; ++i) raster.Invalidate(7 * i);
  raster.SetWeights(weights);
  for (int b = 0; b < 7; ++b) raster.Band<std::uint16_t>(b)[0] = 60000;  // without data
  const FeaturePlanes planes = ComputeFeatures(raster, Components(4));
  REQUIRE(planes.layout.info.size() == 4);
  CHECK(planes.layout.info[3].name == "component 4");
  REQUIRE(planes.layout.spec.projection);
  const auto [mean, covariance] = MomentsOf(raster, planes);
  CHECK(mean.cwiseAbs().maxCoeff() < 1e-4);
  CHECK((covariance - Eigen::MatrixXd::Identity(4, 4)).cwiseAbs().maxCoeff() < 1e-4);
}

TEST_CASE("principal components: as many as vary, the first the most") {
  Raster raster =
      HashedRaster<float>(50, 50, 3, ColorModel::kMultiband, [](double u) { return u; });
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
    raster.Band<float>(1)[i] *= 100;
    raster.Band<float>(2)[i] = 5;  // constant
  }
  const FeaturePlanes planes = ComputeFeatures(raster, Components(3));
  const Eigen::MatrixXd& rows = planes.layout.spec.projection->rows;
  CHECK(rows(0, 1) == doctest::Approx(std::sqrt(12.0) / 100).epsilon(0.05));
  CHECK(std::abs(rows(0, 0)) < 0.01 * rows(1, 0));
  CHECK(rows(1, 0) == doctest::Approx(std::sqrt(12.0)).epsilon(0.05));
  CHECK(rows.row(2).isZero(0));
  CHECK(planes.floor.diagonal().minCoeff() > 0);
}

TEST_CASE("principal components: moments of parts add up to those of the whole") {
  const Raster whole = MixedBands(64, 128);
  Raster upper(64, 64, 7, SampleType::kUint16, ColorModel::kMultiband);
  Raster lower(64, 64, 7, SampleType::kUint16, ColorModel::kMultiband);
  for (int b = 0; b < 7; ++b) {
    std::copy_n(whole.Band<std::uint16_t>(b), 64 * 64, upper.Band<std::uint16_t>(b));
    std::copy_n(whole.Band<std::uint16_t>(b) + 64 * 64, 64 * 64, lower.Band<std::uint16_t>(b));
  }
  for (const BandScale scale : {BandScale::kLinear, BandScale::kLog}) {
    BandMoments sum = MomentsOfBands(upper, scale);
    sum += MomentsOfBands(lower, scale);
    const BandMoments at_once = MomentsOfBands(whole, scale);
    CHECK(sum.weight == at_once.weight);
    CHECK(sum.mean.isApprox(at_once.mean, 1e-12));
    CHECK(sum.scatter.isApprox(at_once.scatter, 1e-10));
  }
}

// Where the deviation is a millionth of the mean, squares of the values tell nothing of it.
TEST_CASE("principal components: bands of far larger mean than deviation") {
  const Raster raster =
      HashedRaster<float>(64, 64, 3, ColorModel::kMultiband, [](double u) { return 1e6 + 2 * u; });
  FeatureSpec spec = Components(3);
  spec.scale = BandScale::kLog;
  const auto [mean, covariance] = MomentsOf(raster, ComputeFeatures(raster, spec));
  CHECK((covariance - Eigen::MatrixXd::Identity(3, 3)).cwiseAbs().maxCoeff() < 1e-3);
}

TEST_CASE("principal components: of no pixel with data there are none, and no harm is done") {
  Raster raster = MixedBands(30, 20);
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i) raster.Invalidate(i);
  const FeaturePlanes planes = ComputeFeatures(raster, Components(2));
  CHECK(planes.num_valid == 0);
  CHECK(planes.layout.spec.projection->rows.cols() == 7);
  CHECK(planes.layout.spec.projection->rows.isZero(0));
}

TEST_CASE("principal components: another image's are taken, if the bands are as many") {
  const Raster raster = MixedBands(40, 40);
  FeatureSpec spec = Components(2);
  spec.projection = ComputeFeatures(MixedBands(70, 30), spec).layout.spec.projection;
  const FeaturePlanes planes = ComputeFeatures(raster, spec);
  CHECK(planes.layout.spec.projection == spec.projection);
  Eigen::VectorXd bands(7);
  for (int b = 0; b < 7; ++b) bands[b] = raster.Band<std::uint16_t>(b)[123];
  const Eigen::VectorXd expected = spec.projection->rows * (bands - spec.projection->mean);
  CHECK(planes.samples.Value(planes.SampleOf(123)).isApprox(expected, 1e-5));
  const Raster other(4, 4, 6, SampleType::kUint16, ColorModel::kMultiband);
  CHECK_THROWS_AS(ComputeFeatures(other, spec), ParameterError);
}

TEST_CASE("principal components: what they cannot be of") {
  const Raster photo = HashedPhoto(20, 20);
  CHECK(DescribeFeatures(photo, Components(2)).spec.color == ColorSpace::kRaw);
  CHECK_THROWS_AS(DescribeFeatures(photo, Components(4)), ParameterError);
  FeatureSpec spec = Components(2);
  spec.color = ColorSpace::kLab;
  CHECK_THROWS_AS(DescribeFeatures(photo, spec), ParameterError);
  spec = Components(2);
  spec.texture = Texture::kOn;
  CHECK_THROWS_AS(DescribeFeatures(photo, spec), ParameterError);
  spec = Components(2);
  spec.missing = MissingValues::kMarginal;
  CHECK_THROWS_AS(DescribeFeatures(photo, spec), ParameterError);
}

TEST_CASE("principal components: the floor is that of the bands, projected") {
  const Raster raster = MixedBands(40, 40);
  const FeaturePlanes planes = ComputeFeatures(raster, Components(3));
  const Eigen::MatrixXd& rows = planes.layout.spec.projection->rows;
  CHECK(planes.floor.isApprox(
      rows * QuantizationFloor(raster, ColorSpace::kRaw, 7) * rows.transpose(), 1e-12));
}

TEST_CASE("logarithms: of integers with 1 added, of floats where they are positive") {
  FeatureSpec spec;
  spec.scale = BandScale::kLog;
  const Raster integers = MixedBands(30, 30);
  const FeaturePlanes planes = ComputeFeatures(integers, spec);
  CHECK(planes.layout.info[1].name == "ln(1 + band 2)");
  CHECK(planes.samples.Value(planes.SampleOf(17))[1] ==
        doctest::Approx(std::log(1.0 + integers.Band<std::uint16_t>(1)[17])).epsilon(1e-6));
  // A step of 1 at v is one of about 1 / (1 + v).
  const double value = 1.0 + integers.Band<std::uint16_t>(2)[0];
  CHECK(planes.floor(2, 2) * 12 * value * value > 0.2);
  CHECK(planes.floor(2, 2) * 12 * value * value < 5);

  Raster floats =
      HashedRaster<float>(30, 30, 2, ColorModel::kMultiband, [](double u) { return 0.1 + u; });
  floats.Band<float>(1)[4] = 0;
  floats.Band<float>(0)[5] = -0.2f;
  const FeaturePlanes of_floats = ComputeFeatures(floats, spec);
  CHECK(of_floats.num_valid == 898);
  CHECK(of_floats.samples.weights()[4] == 0);
  CHECK(of_floats.samples.weights()[5] == 0);
  spec.missing = MissingValues::kMarginal;
  const FeaturePlanes marginal = ComputeFeatures(floats, spec);
  CHECK(marginal.num_valid == 900);
  CHECK(marginal.samples.IsMissing(4, 1));
  CHECK_FALSE(marginal.samples.IsMissing(4, 0));
}

}  // namespace gmmseg
