#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/region_posteriors.h>
#include <gmmseg/regions.h>
#include <gmmseg/threads.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>

#include "base/random.h"

namespace gmmseg {
namespace {

// A disc (3) before a left (1) and a right half (2).
std::uint32_t TruthAt(std::int64_t x, std::int64_t y, std::int64_t width, std::int64_t height) {
  const double dx = static_cast<double>(x) - 0.3 * static_cast<double>(width);
  const double dy = static_cast<double>(y) - 0.5 * static_cast<double>(height);
  const double radius = 0.2 * static_cast<double>(std::min(width, height));
  if (dx * dx + dy * dy < radius * radius) return 3;
  return x < width / 2 ? 1 : 2;
}

double Noise(std::int64_t i, int b) { return ToUnit(Hash(11, b, i)) + ToUnit(Hash(12, b, i)) - 1; }

// Those shapes in a colour each, with noise; `scale` is what 8-bit values are multiplied by.
template <typename T>
Raster Shapes(std::int64_t width, std::int64_t height, int num_bands, SampleType type,
              ColorModel model, double scale = 1) {
  constexpr std::array<std::array<double, 3>, 3> kColors = {
      {{70, 90, 150}, {190, 170, 90}, {60, 160, 70}}};
  Raster raster(width, height, num_bands, type, model);
  for (int b = 0; b < num_bands; ++b)
    for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
      const std::uint32_t shape = TruthAt(i % width, i / width, width, height);
      raster.Band<T>(b)[i] = static_cast<T>(scale * (kColors[shape - 1][b % 3] + 8 * Noise(i, b)));
    }
  return raster;
}

Raster ColorShapes(std::int64_t width, std::int64_t height) {
  return Shapes<std::uint8_t>(width, height, 3, SampleType::kUint8, ColorModel::kRgb);
}

RegionOptions Into(std::int64_t num_regions) {
  RegionOptions options;
  options.num_regions = num_regions;
  return options;
}

// The share of valid pixels that are of their shape's region: the one with the most of its pixels.
double Agreement(const Raster& raster, const Regions& regions) {
  std::vector<std::array<std::int64_t, 4>> counts(regions.num_regions() + 1);
  std::int64_t num_valid = 0, agreed = 0;
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
    if (!raster.IsValid(i)) continue;
    ++num_valid;
    ++counts[regions.labels[i]]
            [TruthAt(i % raster.width(), i / raster.width(), raster.width(), raster.height())];
  }
  for (const auto& of_region : counts) agreed += *std::ranges::max_element(of_region);
  return static_cast<double>(agreed) / static_cast<double>(num_valid);
}

// Pieces of equal labels > 0, by the 4 neighbours.
std::int64_t CountPieces(const std::vector<std::uint32_t>& labels, std::int64_t width) {
  std::vector<bool> seen(labels.size());
  std::int64_t pieces = 0;
  for (std::size_t first = 0; first < labels.size(); ++first) {
    if (labels[first] == 0 || seen[first]) continue;
    ++pieces;
    std::vector<std::size_t> pending = {first};
    seen[first] = true;
    while (!pending.empty()) {
      const std::size_t i = pending.back(), w = static_cast<std::size_t>(width);
      pending.pop_back();
      const auto go = [&](std::size_t j) {
        if (seen[j] || labels[j] != labels[i]) return;
        seen[j] = true;
        pending.push_back(j);
      };
      if (i % w > 0) go(i - 1);
      if (i % w + 1 < w) go(i + 1);
      if (i >= w) go(i - w);
      if (i + w < labels.size()) go(i + w);
    }
  }
  return pieces;
}

TEST_CASE("shapes of one colour each are regions: colour, grey, 16 bits, float, many bands") {
  const std::array<Raster, 5> rasters = {
      ColorShapes(120, 80), Shapes<std::uint8_t>(120, 80, 1, SampleType::kUint8, ColorModel::kGray),
      Shapes<std::uint16_t>(120, 80, 3, SampleType::kUint16, ColorModel::kRgb, 257),
      Shapes<float>(120, 80, 3, SampleType::kFloat32, ColorModel::kMultiband, 1e-6),
      Shapes<std::uint16_t>(120, 80, 12, SampleType::kUint16, ColorModel::kMultiband, 100)};
  for (const Raster& raster : rasters) {
    // Grey tells the disc from the left half by 10 levels.
    const std::int64_t count = raster.num_bands() == 1 ? 2 : 3;
    const Regions regions = SegmentRegions(raster, Into(count));
    CAPTURE(raster.num_bands());
    CHECK(regions.num_regions() == count);
    CHECK(Agreement(raster, regions) > (count == 3 ? 0.985 : 0.85));
    CHECK(CountPieces(regions.labels, raster.width()) == count);
  }
}

TEST_CASE("the default level finds the shapes, and a higher one never more regions") {
  const Raster raster = ColorShapes(240, 160);
  CHECK(SegmentRegions(raster).num_regions() == 3);
  std::int64_t last = raster.num_pixels();
  for (const double level : {1e-6, 0.01, 0.1, 1.0, 10.0, 1e6}) {
    RegionOptions options;
    options.level = level;
    const Regions regions = SegmentRegions(raster, options);
    CHECK(regions.num_regions() <= last);
    CHECK(regions.num_regions() == regions.hierarchy.NumRegionsAt(level));
    last = regions.num_regions();
  }
  CHECK(last == 1);
}

TEST_CASE("a contour of at least the cut's level is a border of its regions") {
  const Raster raster = ColorShapes(90, 60);
  RegionOptions options;
  options.level = 0.1;
  const Regions regions = SegmentRegions(raster, options);
  CHECK(regions.num_regions() > 3);
  const std::vector<float> contours = ContourMap(regions.hierarchy, regions.leaves, 90);
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
    const bool border =
        (i % 90 + 1 < 90 && regions.labels[i] != regions.labels[i + 1]) ||
        (i + 90 < raster.num_pixels() && regions.labels[i] != regions.labels[i + 90]);
    CHECK((contours[i] >= static_cast<float>(regions.level)) == border);
  }
}

TEST_CASE("the table tells area, place, values and neighbours") {
  const Raster raster = ColorShapes(120, 80);
  const Regions regions = SegmentRegions(raster, Into(3));
  REQUIRE(regions.table.size() == 3);
  const RegionEntry& disc = regions.table[regions.labels[40 * 120 + 36] - 1];
  CHECK(disc.area == doctest::Approx(3.14159 * 16 * 16).epsilon(0.05));
  CHECK(disc.x == doctest::Approx(36).epsilon(0.02));
  CHECK(disc.y == doctest::Approx(40).epsilon(0.02));
  CHECK(std::abs(disc.left - 20) <= 2);
  CHECK(std::abs(disc.bottom - 56) <= 2);
  CHECK(disc.mean[1] == doctest::Approx(160).epsilon(0.02));
  CHECK(disc.neighbours == std::vector<std::uint32_t>{1});
  CHECK(regions.table[0].area + regions.table[1].area + regions.table[2].area == 120 * 80);
}

TEST_CASE("no data is no region, parts regions, and does not bleed") {
  Raster raster = ColorShapes(120, 80);
  for (std::int64_t y = 0; y < 80; ++y)
    for (std::int64_t x = 80; x < 90; ++x) raster.Invalidate(y * 120 + x);
  const Regions regions = SegmentRegions(raster, Into(1));
  CHECK(regions.num_regions() == 2);
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i)
    CHECK((regions.labels[i] == 0) == !raster.IsValid(i));
  const Regions of_shapes = SegmentRegions(raster, Into(4));
  CHECK(Agreement(raster, of_shapes) > 0.98);
}

TEST_CASE("values that are not finite are no data, and no data at all is no error") {
  Raster raster = Shapes<float>(40, 30, 3, SampleType::kFloat32, ColorModel::kMultiband);
  raster.Band<float>(1)[7] = NAN;
  CHECK(SegmentRegions(raster).labels[7] == 0);
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i) raster.Invalidate(i);
  const Regions none = SegmentRegions(raster);
  CHECK(none.num_regions() == 0);
  CHECK(none.labels == std::vector<std::uint32_t>(1200));
}

TEST_CASE("tiny and flat images are regions, too") {
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 9}, {17, 1}, {2, 2}, {5, 4}}) {
    const Regions regions = SegmentRegions(ColorShapes(width, height));
    CHECK(regions.num_regions() >= 1);
    CHECK(std::ranges::count(regions.labels, 0u) == 0);
  }
  const Raster flat(64, 48, 3, SampleType::kUint8, ColorModel::kRgb);
  CHECK(SegmentRegions(flat).num_regions() == 1);
  CHECK(SegmentRegions(flat, Into(4)).num_regions() == 4);
  const Raster zeros(64, 48, 2, SampleType::kFloat32, ColorModel::kMultiband);
  CHECK(SegmentRegions(zeros).num_regions() == 1);
}

TEST_CASE("large images have their borders at full resolution, and connected regions") {
  const Raster raster = ColorShapes(1000, 700);  // looked at by 2 × 2 pixels
  const Regions regions = SegmentRegions(raster, Into(3));
  CHECK(regions.num_regions() == 3);
  CHECK(Agreement(raster, regions) > 0.998);
  CHECK(CountPieces(regions.labels, 1000) == 3);
  const std::set<std::uint32_t> leaves(regions.leaves.begin(), regions.leaves.end());
  CHECK(leaves.size() == regions.hierarchy.num_leaves);
  CHECK(CountPieces(regions.leaves, 1000) == regions.hierarchy.num_leaves);
}

TEST_CASE("12 bits in 16 make the regions of 16 bits") {
  for (const int num_bands : {1, 3}) {
    const ColorModel model = num_bands == 1 ? ColorModel::kGray : ColorModel::kRgb;
    const auto shapes = [&](double scale) {
      return Shapes<std::uint16_t>(120, 80, num_bands, SampleType::kUint16, model, scale);
    };
    const Raster raster = shapes(16);
    const Regions full = SegmentRegions(shapes(256), Into(3)),
                  dark = SegmentRegions(raster, Into(3));
    CHECK(Agreement(raster, dark) > Agreement(raster, full) - 0.01);
    CHECK(dark.hierarchy.merges.back().height ==
          doctest::Approx(full.hierarchy.merges.back().height).epsilon(0.05));
  }
}

TEST_CASE("large images full of gaps have no leaf without pixels") {
  for (const double share : {0.6, 0.8, 0.95}) {
    CAPTURE(share);
    Raster raster = ColorShapes(900, 700);
    RandomStream random(3, 0);
    for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
      raster.Band<std::uint8_t>(0)[i] = static_cast<std::uint8_t>(255 * random.Uniform());
      if (random.Uniform() < share) raster.Invalidate(i);
    }
    const Regions regions = SegmentRegions(raster, Into(20));
    std::set<std::uint32_t> leaves(regions.leaves.begin(), regions.leaves.end());
    leaves.erase(0);
    CHECK(std::ssize(leaves) == regions.hierarchy.num_leaves);
  }
}

TEST_CASE("regions are the same for any number of threads; the seed is what chance depends on") {
  const Raster raster = ColorShapes(150, 100);
  const Regions parallel = SegmentRegions(raster);
  const ThreadLimit one(1);
  const Regions serial = SegmentRegions(raster);
  CHECK(parallel.labels == serial.labels);
  CHECK(parallel.leaves == serial.leaves);
  CHECK(parallel.hierarchy.merges.back().height == serial.hierarchy.merges.back().height);
  RegionOptions options;
  options.seed = 1;
  CHECK(SegmentRegions(raster, options).hierarchy.merges.back().height !=
        serial.hierarchy.merges.back().height);
}

TEST_CASE("posteriors of regions sum to 1 and are largest in the region itself") {
  for (const std::int64_t width : {150, 1000}) {  // at full and at half the resolution
    CAPTURE(width);
    Raster raster = ColorShapes(width, 6 * width / 10);
    for (std::int64_t i = 0; i < width; ++i) raster.Invalidate(7 * i);
    RegionOptions options = Into(3);
    options.memberships = Memberships::kKeep;
    const Regions regions = SegmentRegions(raster, options);
    CHECK(regions.reduction == (width == 150 ? 1 : 2));
    const RegionPosteriors posteriors(regions);
    const std::vector<float> of[] = {posteriors.Of(1), posteriors.Of(2), posteriors.Of(3)};
    std::int64_t num_largest = 0;
    for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
      const std::uint32_t label = regions.labels[i];
      const float sum = of[0][i] + of[1][i] + of[2][i];
      REQUIRE(sum == doctest::Approx(label > 0 ? 1 : 0).epsilon(1e-4));
      if (label > 0) num_largest += of[label - 1][i] > 0.5f ? 1 : 0;
    }
    CHECK(static_cast<double>(num_largest) > 0.98 * static_cast<double>(regions.num_valid));
    CHECK_THROWS_AS(posteriors.Of(0), ParameterError);
    CHECK_THROWS_AS(posteriors.Of(4), ParameterError);
    CHECK(SegmentRegions(raster, Into(3)).labels == regions.labels);
  }
  CHECK_THROWS_WITH_AS(RegionPosteriors(SegmentRegions(ColorShapes(30, 20))),
                       doctest::Contains("memberships"), ParameterError);
}

TEST_CASE("options out of range and volumes are refused") {
  const Raster raster = ColorShapes(20, 10);
  const auto refuses = [&](auto change) {
    RegionOptions options;
    change(options);
    CHECK_THROWS_AS(SegmentRegions(raster, options), ParameterError);
  };
  refuses([](RegionOptions& options) { options.num_regions = 0; });
  refuses([](RegionOptions& options) { options.level = 0; });
  refuses([](RegionOptions& options) { options.level = NAN; });
  refuses([](RegionOptions& options) { options.num_components = 0; });
  refuses([](RegionOptions& options) { options.num_mixtures = 0; });
  CHECK_THROWS_AS(SegmentRegions(Raster(4, 4, 1, SampleType::kUint8, ColorModel::kGray, 2)),
                  ParameterError);
  CHECK_THROWS_AS(DescribeRegions(raster, {1, 2}), ParameterError);
}

}  // namespace
}  // namespace gmmseg
