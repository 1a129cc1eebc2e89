#include "segment/foreground.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numeric>

#include "base/random.h"

namespace gmmseg {
namespace {

struct Volume {
  Volume(std::int64_t width, std::int64_t height, std::int64_t depth, float value)
      : raster(width, height, 1, SampleType::kFloat32, ColorModel::kGray, depth),
        intensities(raster.num_pixels(), value) {}

  // Sets a box of voxels from (x, y, z) on, each side so long.
  void Fill(std::int64_t x, std::int64_t y, std::int64_t z, std::int64_t side, float value) {
    for (std::int64_t w = z; w < z + side; ++w)
      for (std::int64_t v = y; v < y + side; ++v)
        for (std::int64_t u = x; u < x + side; ++u)
          intensities[(w * raster.height() + v) * raster.width() + u] = value;
  }

  FoundForeground Find(Foreground foreground, TissuePreset preset = TissuePreset::kT1) const {
    return FindForeground(raster, intensities, foreground, preset);
  }

  Raster raster;
  std::vector<float> intensities;
};

std::int64_t Count(const FoundForeground& found) {
  return std::accumulate(found.inside.begin(), found.inside.end(), std::int64_t{0});
}

TEST_CASE("foreground: as given it is all voxels with data") {
  Volume volume(6, 5, 4, 0);
  volume.raster.Invalidate(7);
  const FoundForeground found = volume.Find(Foreground::kGiven);
  CHECK(found.num_inside == 119);
  CHECK(Count(found) == 119);
  CHECK(found.inside[7] == 0);
  CHECK(found.num_left_out == 0);
  CHECK(!found.threshold);
}

TEST_CASE("foreground: a background of zeros, and of two pieces the larger") {
  Volume volume(20, 20, 20, 0);
  volume.Fill(2, 2, 2, 10, 5);
  volume.Fill(13, 13, 13, 4, 9);
  volume.intensities[volume.intensities.size() - 1] = 0.5f;
  const FoundForeground found = volume.Find(Foreground::kAuto);
  REQUIRE(found.threshold);
  CHECK(*found.threshold == 0);
  CHECK(found.num_inside == 1000);
  CHECK(Count(found) == 1000);
  CHECK(found.num_left_out == 65);
  for (std::size_t i = 0; i < found.inside.size(); ++i)
    CHECK((found.inside[i] == 1) == (volume.intensities[i] == 5));
  // Pieces that touch by a corner alone are two.
  volume.Fill(12, 12, 12, 4, 9);
  CHECK(volume.Find(Foreground::kAuto).num_inside == 1000);
  volume.Fill(11, 11, 11, 4, 9);
  CHECK(volume.Find(Foreground::kAuto).num_inside > 1000);
}

TEST_CASE("foreground: less than zero may be the background too") {
  Volume volume(10, 10, 10, -1000);
  volume.Fill(1, 1, 1, 6, -20);
  const FoundForeground found = volume.Find(Foreground::kAuto);
  CHECK(*found.threshold == -1000);
  CHECK(found.num_inside == 216);
}

// The threshold above which classes' means are the furthest apart, by weight, tried one by one.
double BestThreshold(const std::vector<float>& values) {
  double best = -1, threshold = 0;
  for (int t = 0; t < 512; ++t) {
    double below = 0, above = 0, sum_below = 0, sum_above = 0;
    for (const float value : values) {
      (value <= static_cast<float>(t) ? below : above) += 1;
      (value <= static_cast<float>(t) ? sum_below : sum_above) += value;
    }
    if (below == 0 || above == 0) continue;
    const double between = below * above * std::pow(sum_below / below - sum_above / above, 2);
    if (between > best) {
      best = between;
      threshold = t;
    }
  }
  return threshold;
}

TEST_CASE("foreground: in a noisy background, Otsu's threshold as found by trying all") {
  Volume volume(24, 24, 24, 0);
  volume.Fill(5, 5, 5, 14, 1);
  RandomStream random(1, 1);
  // Whole numbers from 0 to 512, so that the histogram's 512 steps part no two values wrongly.
  for (float& value : volume.intensities)
    value = static_cast<float>(std::lround(
        std::clamp((value > 0 ? 320 : 60) + (value > 0 ? 60 : 30) * random.Normal(), 1.0, 511.0)));
  volume.intensities[0] = 0;
  volume.intensities[1] = 512;
  const FoundForeground found = volume.Find(Foreground::kAuto);
  const double best = BestThreshold(volume.intensities);
  REQUIRE(found.threshold);
  CHECK(std::abs(*found.threshold - best) <= 1);
  std::int64_t above = 0;
  for (std::size_t i = 0; i < found.inside.size(); ++i) {
    above += volume.intensities[i] > *found.threshold;
    if (found.inside[i]) CHECK(volume.intensities[i] > *found.threshold);
  }
  CHECK(found.num_inside + found.num_left_out == above);
  CHECK(std::abs(static_cast<double>(found.num_inside) - 14 * 14 * 14) < 60);
}

// A head in a disk of air, and around the disk what the scanner puts there.
Volume Scan(float around) {
  Volume volume(40, 40, 12, around);
  RandomStream random(1, 1);
  for (std::int64_t i = 0; i < volume.raster.num_pixels(); ++i) {
    const auto x = static_cast<double>(i % 40) - 19.5, y = static_cast<double>(i / 40 % 40) - 19.5;
    const double far = std::hypot(x, y);
    if (far > 20) continue;
    const double clean = far < 10 ? 35 : far < 12 ? 900 : -1000;
    volume.intensities[i] = static_cast<float>(std::lround(clean + 8 * random.Normal()));
  }
  return volume;
}

TEST_CASE("foreground: of a CT neither air nor what stands around the disk that was looked at") {
  for (const float around : {-1000.0f, -1024.0f, -2000.0f, -3024.0f}) {
    CAPTURE(around);
    const Volume volume = Scan(around);
    const FoundForeground found = volume.Find(Foreground::kAuto, TissuePreset::kCt);
    CHECK(*found.threshold == kMostAir);
    for (std::size_t i = 0; i < found.inside.size(); ++i)
      REQUIRE((found.inside[i] == 1) == (volume.intensities[i] > -100));
  }
}

TEST_CASE("foreground: a CT without air is cut out of its least value, as others are") {
  Volume volume(20, 20, 20, 0);
  volume.Fill(3, 3, 3, 12, 8);
  volume.Fill(5, 5, 5, 8, 30);
  volume.Fill(7, 7, 7, 4, 38);
  const FoundForeground found = volume.Find(Foreground::kAuto, TissuePreset::kCt);
  CHECK(*found.threshold == 0);
  CHECK(found.num_inside == 12 * 12 * 12);
}

TEST_CASE("foreground: voxels without data are no background, whatever they hold") {
  Volume volume(10, 10, 10, 0);
  volume.Fill(2, 2, 2, 5, 7);
  for (std::int64_t i = 0; i < 100; ++i) {
    volume.raster.Invalidate(i);
    volume.intensities[i] = i % 2 == 0 ? NAN : -50;
  }
  const FoundForeground found = volume.Find(Foreground::kAuto);
  CHECK(*found.threshold == 0);
  CHECK(found.num_inside == 125);
}

TEST_CASE("foreground: a constant image, and one without data") {
  Volume volume(5, 4, 3, 12);
  FoundForeground found = volume.Find(Foreground::kAuto);
  CHECK(found.num_inside == 60);
  CHECK(!found.threshold);
  for (std::int64_t i = 0; i < 60; ++i) volume.raster.Invalidate(i);
  found = volume.Find(Foreground::kAuto);
  CHECK(found.num_inside == 0);
  CHECK(Count(found) == 0);
}

}  // namespace
}  // namespace gmmseg
