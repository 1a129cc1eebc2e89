#include "features/effective_samples.h"

#include <doctest/doctest.h>
#include <gmmseg/threads.h>

#include <cmath>

#include "base/random.h"
#include "test_rasters.h"

namespace {

using namespace gmmseg;

constexpr std::int64_t kWidth = 200, kHeight = 150, kPixels = kWidth * kHeight;

// White noise of one to three bands.
Raster Noise(int num_bands, std::int64_t depth = 1) {
  Raster raster(kWidth, kHeight, num_bands, SampleType::kFloat32, ColorModel::kMultiband, depth);
  RandomStream random(9, 1);
  for (int b = 0; b < num_bands; ++b)
    for (std::int64_t i = 0; i < raster.num_pixels(); ++i)
      raster.Band<float>(b)[i] = static_cast<float>(random.Normal());
  return raster;
}

// A stationary first-order autoregression along the axis whose neighbours are `stride` apart.
void Correlate(Raster& raster, std::int64_t stride, std::int64_t extent, double rho) {
  const double fresh = std::sqrt(1 - rho * rho);
  for (int b = 0; b < raster.num_bands(); ++b) {
    float* const values = raster.Band<float>(b);
    for (std::int64_t i = 0; i < raster.num_pixels(); ++i)
      if (i / stride % extent > 0)
        values[i] = static_cast<float>(rho * values[i - stride] + fresh * values[i]);
  }
}

double Share(const Raster& raster) {
  const FeaturePlanes planes = ComputeFeatures(raster, {});
  return EffectiveSamples(raster, planes) / static_cast<double>(planes.num_valid);
}

// White noise after a Gaussian of deviation sigma along x; rows are circles.
Raster Blurred(double sigma) {
  const Raster noise = Noise(1);
  Raster raster = Noise(1);
  for (std::int64_t i = 0; i < kPixels; ++i) {
    double sum = 0;
    for (int h = -20; h <= 20; ++h)
      sum += std::exp(-h * h / (2 * sigma * sigma)) *
             noise.Band<float>(0)[i / kWidth * kWidth + (i % kWidth + h + kWidth) % kWidth];
    raster.Band<float>(0)[i] = static_cast<float>(sum);
  }
  return raster;
}

// Of an axis of `extent` pixels.
double Factor(double rho, int extent = 200) {
  double sum = 1;
  for (int h = 1; h < extent; ++h)
    sum += 2 * (1 - static_cast<double>(h) / extent) * std::pow(rho, h * h);
  return 1 / sum;
}

}  // namespace

TEST_CASE("effective samples: of white noise, all") {
  for (const int num_bands : {1, 3}) CHECK(Share(Noise(num_bands)) > 0.99);
  CHECK(Share(Noise(1, 3)) > 0.99);
}

TEST_CASE("effective samples: of blurred noise, what the variance of its mean says") {
  for (const double sigma : {1.0, 2.0, 3.0}) {
    // A kernel of unit sum leaves the variance 1/N to the mean, and 1 / (2 sqrt(π) sigma) to each
    // pixel: the mean is that of so many independent ones.
    const double expected = 1 / (2 * std::sqrt(std::acos(-1.0)) * sigma);
    CHECK(Share(Blurred(sigma)) == doctest::Approx(expected).epsilon(0.06));
  }
}

TEST_CASE("effective samples: of an autoregression, the factor of its correlations") {
  for (const double rho : {0.3, 0.6, 0.9}) {
    Raster raster = Noise(2);
    Correlate(raster, 1, kWidth, rho);
    CHECK(Share(raster) == doctest::Approx(Factor(rho)).epsilon(0.08));
    Correlate(raster, kWidth, kHeight, 0.5);
    CHECK(Share(raster) == doctest::Approx(Factor(rho) * Factor(0.5)).epsilon(0.08));
  }
}

TEST_CASE("effective samples: the third axis of a volume counts") {
  Raster raster = Noise(1, 4);
  Correlate(raster, kPixels, 4, 0.6);
  CHECK(Share(raster) == doctest::Approx(Factor(0.6, 4)).epsilon(0.05));
}

TEST_CASE("effective samples: any mixing of the bands leaves them as they are") {
  Raster raster = Noise(2);
  Correlate(raster, 1, kWidth, 0.7);
  const double before = Share(raster);
  for (std::int64_t i = 0; i < kPixels; ++i) {
    float &a = raster.Band<float>(0)[i], &b = raster.Band<float>(1)[i];
    a = 100 * a + 3 * b;
    b = a - b + 7;
  }
  CHECK(Share(raster) == doctest::Approx(before).epsilon(1e-3));
}

TEST_CASE("effective samples: pixels without data, and pairs with one of them, take no part") {
  Raster raster = Noise(1);
  Correlate(raster, 1, kWidth, 0.8);
  const double before = Share(raster);
  for (std::int64_t i = 0; i < kPixels; i += 7) raster.Band<float>(0)[i] = NAN;
  for (std::int64_t i = 0; i < kPixels; i += 11) raster.Invalidate(i);
  CHECK(Share(raster) == doctest::Approx(before).epsilon(0.05));
}

TEST_CASE(
    "effective samples: few of a ramp, one of a flat image at least, all of isolated pixels") {
  Raster ramp(kWidth, kHeight, 1, SampleType::kFloat32, ColorModel::kGray);
  for (std::int64_t i = 0; i < kPixels; ++i)
    ramp.Band<float>(0)[i] = static_cast<float>(i % kWidth);
  CHECK(EffectiveSamples(ramp, ComputeFeatures(ramp, {})) < 4);
  const Raster flat(kWidth, kHeight, 3, SampleType::kUint8, ColorModel::kRgb);
  const double of_flat = EffectiveSamples(flat, ComputeFeatures(flat, {}));
  CHECK(of_flat >= 1);
  CHECK(of_flat <= kPixels);
  Raster sparse = Noise(1);
  for (std::int64_t i = 0; i < kPixels; ++i)
    if (i % 2 == 1 || i / kWidth % 2 == 1) sparse.Invalidate(i);
  CHECK(Share(sparse) == 1);
  const Raster pixel(1, 1, 1, SampleType::kUint8, ColorModel::kGray);
  CHECK(EffectiveSamples(pixel, ComputeFeatures(pixel, {})) == 1);
  for (std::int64_t i = 0; i < kPixels; ++i) sparse.Invalidate(i);
  CHECK(EffectiveSamples(sparse, ComputeFeatures(sparse, {})) == 0);
}

TEST_CASE("effective samples: a palette, a place and the number of threads change nothing") {
  const Raster photo = HashedRaster<std::uint8_t>(kWidth, kHeight, 3, ColorModel::kRgb,
                                                  [](double u) { return 100 + 5 * u; });
  const FeaturePlanes palette = ComputeFeatures(photo, {ColorSpace::kRgb, 0});
  const FeaturePlanes plain = ComputeFeatures(photo, {ColorSpace::kRgb, 1});
  REQUIRE_FALSE(palette.entry.empty());
  REQUIRE(plain.entry.empty());
  const double expected = EffectiveSamples(photo, palette);
  CHECK(EffectiveSamples(photo, plain) == doctest::Approx(expected).epsilon(1e-6));
  for (const int threads : {1, 2, 3}) {
    const ThreadLimit limit(threads);
    CHECK(EffectiveSamples(photo, palette) == expected);
  }
}
