#include <doctest/doctest.h>
#include <gmmseg/drift.h>

#include <cmath>

#include "base/random.h"

using namespace gmmseg;

namespace {

// Grey noise about two levels; `share` of the pixels are of the brighter one.
Raster TwoTones(double share, double shift) {
  Raster raster(100, 100, 1, SampleType::kUint8, ColorModel::kGray);
  RandomStream random(1, 1);
  for (int i = 0; i < 10000; ++i)
    raster.Band<std::uint8_t>(0)[i] = static_cast<std::uint8_t>(
        std::lround((i < 10000 * share ? 180 : 60) + shift + 5 * random.Normal()));
  return raster;
}

Drift DriftOf(const Raster& raster, const Model& model) {
  return MeasureDrift(Apply(raster, model), model).value();
}

}  // namespace

TEST_CASE(
    "drift: near nothing in training, the shares' distance, and the share of unlikely pixels") {
  SegmentOptions options;
  options.fit.num_components = 2;
  const Model model = Segment(TwoTones(0.3, 0), options).model;
  const Drift none = DriftOf(TwoTones(0.3, 0), model);
  CHECK(none.unlikely_pixels == doctest::Approx(0.01).epsilon(0.5));
  CHECK(none.share_distance == doctest::Approx(0).epsilon(0.01));
  CHECK_FALSE(none.flagged());
  const Drift more_light = DriftOf(TwoTones(0.9, 0), model);
  CHECK(more_light.share_distance == doctest::Approx(0.6).epsilon(0.01));
  CHECK_FALSE(more_light.flagged());
  const Drift shifted = DriftOf(TwoTones(0.3, 30), model);
  CHECK(shifted.unlikely_pixels > 0.9);
  CHECK(shifted.flagged());
}

TEST_CASE("drift: nothing is said of an image without data") {
  SegmentOptions options;
  options.fit.num_components = 2;
  const Model model = Segment(TwoTones(0.3, 0), options).model;
  Raster empty = TwoTones(0.3, 0);
  for (int i = 0; i < 10000; ++i) empty.Invalidate(i);
  CHECK_FALSE(MeasureDrift(Apply(empty, model), model).has_value());
}
