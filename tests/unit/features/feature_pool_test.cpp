#include "features/feature_pool.h"

#include <doctest/doctest.h>
#include <gmmseg/errors.h>

#include <numeric>

#include "test_rasters.h"

namespace gmmseg {
namespace {

constexpr std::int64_t kPlenty = std::int64_t{1} << 40;

// Few enough levels that the pixels repeat.
Raster FewColors(std::int64_t width, int levels) {
  return HashedRaster<std::uint8_t>(width, 40, 3, ColorModel::kRgb,
                                    [levels](double u) { return 3 * std::floor(levels * u); });
}

// The first `width` columns, or the others.
Raster Columns(const Raster& raster, std::int64_t first, std::int64_t width) {
  Raster part(width, raster.height(), raster.num_bands(), raster.type(), raster.color_model());
  for (int b = 0; b < raster.num_bands(); ++b)
    for (std::int64_t i = 0; i < part.num_pixels(); ++i)
      part.Band<std::uint8_t>(b)[i] =
          raster.Band<std::uint8_t>(b)[i / width * raster.width() + first + i % width];
  return part;
}

std::map<RasterKind, std::int64_t> Kinds(SampleType type, int num_bands, std::int64_t pixels) {
  return {
      {{num_bands, type, num_bands == 3 ? ColorModel::kRgb : ColorModel::kMultiband, 255}, pixels}};
}

double TotalWeight(const Samples& samples) {
  return std::accumulate(samples.weights(), samples.weights() + samples.size(), 0.0);
}

}  // namespace

TEST_CASE("feature pool: parts of an image pool to the palette of the whole, in any order") {
  const Raster whole = FewColors(60, 6);
  const FeaturePlanes expected = ComputeFeatures(whole, {});
  REQUIRE_FALSE(expected.entry.empty());
  for (const bool swapped : {false, true}) {
    FeaturePool pool({}, {});
    const Raster left = Columns(whole, 0, 17), right = Columns(whole, 17, 43);
    pool.Add(pool.Extract(swapped ? right : left, 1), 1);
    pool.Add(pool.Extract(swapped ? left : right, 2), 2);
    const FeaturePlanes planes = pool.Take();
    REQUIRE(planes.samples.size() == expected.samples.size());
    CHECK(planes.num_valid == whole.num_pixels());
    for (std::int64_t i = 0; i < planes.samples.size(); ++i) {
      CHECK(planes.samples.weights()[i] == expected.samples.weights()[i]);
      for (int d = 0; d < 3; ++d) CHECK(planes.samples.Plane(d)[i] == expected.samples.Plane(d)[i]);
    }
    CHECK((planes.floor - expected.floor).norm() < 0.1 * expected.floor.norm());
  }
}

TEST_CASE("feature pool: many parts, and pixels without data, keep every count") {
  FeaturePool pool({}, {});
  std::int64_t valid = 0;
  for (int part = 0; part < 20; ++part) {
    Raster raster = FewColors(10 + part, 2 + part);
    for (std::int64_t i = 0; i < raster.num_pixels(); i += 7) raster.Invalidate(i);
    valid += raster.CountValid();
    pool.Add(pool.Extract(raster, part), part);
  }
  const FeaturePlanes planes = pool.Take();
  CHECK(planes.num_valid == valid);
  CHECK(TotalWeight(planes.samples) == valid);
}

TEST_CASE("feature pool: colours where they fit, else a sample of the size that memory holds") {
  using Content = FeaturePool::Content;
  const FeatureSpec color, placed{ColorSpace::kAuto, 1.0};
  const auto plan = [](const FeatureSpec& spec, SampleType type, int bands, std::int64_t memory) {
    return FeaturePool::PlanFor(spec, Kinds(type, bands, 10'000'000), FeaturePool::Weights::kNone,
                                memory, 0);
  };
  CHECK(plan(color, SampleType::kUint8, 3, kPlenty).content == Content::kColors);
  CHECK(plan(color, SampleType::kUint16, 4, kPlenty).content == Content::kColors);
  CHECK(plan(color, SampleType::kUint16, 5, kPlenty).content == Content::kSample);
  CHECK(plan(color, SampleType::kFloat32, 3, kPlenty).content == Content::kSample);
  CHECK(plan(placed, SampleType::kUint8, 3, kPlenty).content == Content::kSample);
  const FeaturePool::Plan small = plan(color, SampleType::kUint8, 3, 8'000'000);
  CHECK(small.content == Content::kSample);
  CHECK(small.chance > 0.005);
  CHECK(small.chance < 0.1);
}

TEST_CASE("feature pool: a sample has its share of every image, and the same one every time") {
  const FeaturePool::Plan plan{FeaturePool::Content::kSample, 0.2, 3};
  const Raster photo = HashedPhoto(200, 100);
  FeaturePool pool({}, plan);
  const FeaturePool::Part part = pool.Extract(photo, 1);
  const auto count = static_cast<double>(part.rows.size()) / 3;
  CHECK(count == doctest::Approx(0.2 * 20000).epsilon(0.05));
  CHECK(part.rows == pool.Extract(photo, 1).rows);
  CHECK(part.rows != pool.Extract(photo, 2).rows);
  pool.Add(part, 0);
  const FeaturePlanes planes = pool.Take();
  CHECK(planes.num_valid == 20000);
  CHECK(TotalWeight(planes.samples) == count);
  CHECK(planes.samples.Value(0)[0] == doctest::Approx(part.rows[0]));
}

TEST_CASE("feature pool: images of another kind are refused, and told from those of the first") {
  FeaturePool pool({ColorSpace::kRaw, 0}, {});
  pool.Add(pool.Extract(HashedPhoto(8, 8), 1), 1);
  const Raster grey =
      HashedRaster<std::uint8_t>(8, 8, 1, ColorModel::kGray, [](double u) { return 256 * u; });
  CHECK_THROWS_WITH_AS(pool.Add(pool.Extract(grey, 2), 2), doctest::Contains("band 1"),
                       ParameterError);
  CHECK(pool.Take().num_valid == 64);
}

}  // namespace gmmseg
