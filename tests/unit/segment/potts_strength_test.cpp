#include "segment/potts_strength.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/random.h"
#include "features/effective_samples.h"
#include "raster/parts.h"

namespace {

using namespace gmmseg;

// Grey stripes of 100 and 150, 30 pixels wide, with noise; every 13th pixel without data.
Raster NoisyStripes(std::int64_t width, std::int64_t height) {
  Raster raster(width, height, 1, SampleType::kFloat32, ColorModel::kGray);
  RandomStream random(6, 1);
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
    const double level = i % width / 30 % 2 == 0 ? 0.4 : 0.6;
    raster.Band<float>(0)[i] = static_cast<float>(level + 0.1 * random.Normal());
    if (i % 13 == 0) raster.Invalidate(i);
  }
  return raster;
}

Model TwoClasses(const Raster& raster) {
  SegmentOptions options;
  options.fit.num_components = 2;
  return Segment(raster, options).model;
}

SmoothOptions Potts() {
  SmoothOptions options;
  options.method = SmoothMethod::kPotts;
  return options;
}

// Of cells of so many pixels squared.
PottsStrength Strength(const Raster& raster, const Model& model, const SmoothOptions& options,
                       std::int64_t cell) {
  PottsStrength strength(options, static_cast<int>(model.classes.size()));
  std::uint64_t identity = 0;
  for (std::int64_t y = 0; y < raster.height(); y += cell)
    for (std::int64_t x = 0; x < raster.width(); x += cell) {
      const Raster part = Cropped(
          raster, {x, y, std::min(cell, raster.width() - x), std::min(cell, raster.height() - y)});
      strength.Add(strength.Look(part, Apply(part, model), identity),
                   static_cast<std::int64_t>(identity));
      ++identity;
    }
  return strength;
}

TEST_CASE("potts strength: of a single part, what the whole finds by itself") {
  const Raster raster = NoisyStripes(120, 90);
  const Model model = TwoClasses(raster);
  const SmoothOptions settled = Strength(raster, model, Potts(), 1000).Settle();
  SmoothOptions whole = Potts();
  whole.tolerance = 0;
  const Segmentation expected = Apply(raster, model, whole);
  CHECK(*settled.contrast == expected.smoothing.contrast);
  CHECK(*settled.temper == expected.smoothing.temper);
  CHECK(*settled.beta == doctest::Approx(expected.smoothing.beta).epsilon(1e-4));
  CHECK(settled.tolerance == 0);
  CHECK(Apply(raster, model, settled).labels == expected.labels);
}

TEST_CASE("potts strength: of many parts, near the whole's, and each part's effective pixels") {
  const Raster raster = NoisyStripes(300, 240);  // more pixels than are looked at for beta
  const Model model = TwoClasses(raster);
  const SmoothOptions whole = Strength(raster, model, Potts(), 1000).Settle();
  const SmoothOptions parts = Strength(raster, model, Potts(), 60).Settle();
  CHECK(*parts.contrast == doctest::Approx(*whole.contrast).epsilon(0.02));
  CHECK(*parts.beta == doctest::Approx(*whole.beta).epsilon(0.05));
  double num_effective = 0, num_valid = 0;
  for (std::int64_t y = 0; y < 240; y += 60)
    for (std::int64_t x = 0; x < 300; x += 60) {
      const Raster part = Cropped(raster, {x, y, 60, 60});
      const FeaturePlanes planes = ComputeFeatures(part, {});
      num_effective += EffectiveSamples(part, planes);
      num_valid += static_cast<double>(planes.num_valid);
    }
  CHECK(*parts.temper == doctest::Approx(num_effective / num_valid).epsilon(1e-12));
  CHECK(parts == Strength(raster, model, Potts(), 60).Settle());
}

TEST_CASE("potts strength: what is given stays, and other methods have none") {
  const Raster raster = NoisyStripes(60, 40);
  const Model model = TwoClasses(raster);
  SmoothOptions options = Potts();
  CHECK(NeedsPottsStrength(options));
  options.beta = 0.7;
  options.contrast = 0.01;
  SmoothOptions settled = Strength(raster, model, options, 20).Settle();
  CHECK(*settled.beta == 0.7);
  CHECK(*settled.contrast == 0.01);
  CHECK(settled.temper.has_value());
  CHECK(!NeedsPottsStrength(settled));
  SmoothOptions guided;
  guided.method = SmoothMethod::kGuided;
  CHECK(!NeedsPottsStrength(guided));
  CHECK(Strength(raster, model, guided, 20).Settle() == guided);
}

TEST_CASE(
    "potts strength: of no pixel, and of labels that tell of none, options that can be used") {
  Raster raster = NoisyStripes(60, 40);
  const Model model = TwoClasses(raster);
  Validate(PottsStrength(Potts(), 2).Settle());
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i)
    if ((i % 60 + i / 60) % 2 == 0) raster.Invalidate(i);  // no two neighbours
  const SmoothOptions apart = Strength(raster, model, Potts(), 20).Settle();
  Validate(apart);
  CHECK(Apply(raster, model, apart).labels == Apply(raster, model).labels);
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i) raster.Invalidate(i);
  const SmoothOptions nothing = Strength(raster, model, Potts(), 20).Settle();
  Validate(nothing);
  CHECK(*nothing.contrast == 0);
  CHECK(*nothing.temper == 1);
}

}  // namespace
