#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/segment.h>
#include <gmmseg/threads.h>

#include <cmath>

#include "base/random.h"
#include "features/effective_samples.h"

namespace {

using namespace gmmseg;

constexpr int kWidth = 144, kHeight = 120, kPatch = 12;

// Grey patches of as many classes, 36 levels apart, with noise of six levels.
Raster Patches(int num_classes) {
  Raster raster(kWidth, kHeight, 1, SampleType::kUint8, ColorModel::kGray);
  RandomStream random(3, 1);
  for (int i = 0; i < kWidth * kHeight; ++i) {
    const std::uint64_t patch = Hash(7, i % kWidth / kPatch, i / kWidth / kPatch);
    const auto of_class = static_cast<double>(patch % num_classes);
    raster.Band<std::uint8_t>(0)[i] =
        static_cast<std::uint8_t>(std::lround(36 + 36 * of_class + 6 * random.Normal()));
  }
  return raster;
}

SegmentOptions Choosing(int least, int most) {
  SegmentOptions options;
  options.choose = ComponentRange{least, most};
  return options;
}

}  // namespace

TEST_CASE("the number of well-separated classes is found, be it one or six") {
  for (int k = 1; k <= 6; ++k) {
    const Segmentation result = Segment(Patches(k), Choosing(1, 8));
    CHECK(static_cast<int>(result.classes.size()) == k);
    CHECK(result.model.fit.requested_components == k);
    CHECK(result.model.candidates.size() == 8);
  }
}

TEST_CASE("the chosen model is the one that its number alone gives, and its candidate says so") {
  const Raster raster = Patches(3);
  const Segmentation chosen = Segment(raster, Choosing(2, 4));
  SegmentOptions three;
  three.fit.num_components = 3;
  const Segmentation alone = Segment(raster, three);
  CHECK(chosen.labels == alone.labels);
  CHECK(chosen.model.mixture().means == alone.model.mixture().means);
  CHECK(alone.model.candidates.empty());
  const Candidate& candidate = chosen.model.candidates.at(1);
  CHECK(candidate.requested_components == 3);
  CHECK(candidate.plain.bic == doctest::Approx(*alone.model.bic).epsilon(1e-9));
  CHECK(candidate.plain.aic == doctest::Approx(*alone.model.aic).epsilon(1e-9));
  CHECK(candidate.plain.icl == doctest::Approx(*alone.model.icl).epsilon(1e-9));
  CHECK(candidate.num_effective == EffectiveSamples(raster, chosen.planes));
}

TEST_CASE("beyond the number of distinct colours nothing is tried") {
  Raster raster(kWidth, kHeight, 1, SampleType::kUint8, ColorModel::kGray);
  for (int i = 0; i < kWidth * kHeight; i += 3) raster.Band<std::uint8_t>(0)[i] = 200;
  const Model model = Segment(raster, Choosing(1, 8)).model;
  CHECK(model.candidates.size() == 2);
  CHECK(model.mixture().num_components() <= 2);
  CHECK(model.fit.has_all_components());
}

TEST_CASE("a choice over pooled samples takes the effective number that it is given") {
  const Raster raster = Patches(4);
  const SegmentOptions options = Choosing(1, 6);
  const Model all = FitModel(ComputeFeatures(raster, {}), options);
  CHECK(all.candidates.front().num_effective == kWidth * kHeight);
  CHECK(all.mixture().num_components() == 4);
  const Model few = FitModel(ComputeFeatures(raster, {}), options, {}, 5);
  CHECK(few.candidates.front().num_effective == 5);
  CHECK(few.mixture().num_components() == 1);
}

TEST_CASE("a choice does not depend on the number of threads") {
  const auto run = [](int threads) {
    const ThreadLimit limit(threads);
    return Segment(Patches(3), Choosing(1, 4)).model.candidates;
  };
  CHECK(run(1) == run(2));
}

TEST_CASE("an image without data has no candidates") {
  Raster raster = Patches(2);
  for (int i = 0; i < kWidth * kHeight; ++i) raster.Invalidate(i);
  CHECK(Segment(raster, Choosing(1, 3)).model.candidates.empty());
}

TEST_CASE("a choice is refused where it has no meaning") {
  const Raster raster = Patches(2);
  CHECK_THROWS_AS(Segment(raster, Choosing(3, 2)), ParameterError);
  SegmentOptions tempered = Choosing(1, 3);
  tempered.features.position_weight = 0.5;
  CHECK_THROWS_WITH_AS(Segment(raster, tempered), doctest::Contains("no density"), ParameterError);
  tempered.features.position_weight = 1;
  CHECK(Segment(raster, tempered).model.candidates.size() == 3);
  SegmentOptions started = Choosing(1, 3);
  const Model reference = Segment(raster, Choosing(2, 2)).model;
  started.fit.start = reference.mixture();
  CHECK_THROWS_WITH_AS(Segment(raster, started), doctest::Contains("start model"), ParameterError);
  CHECK_THROWS_WITH_AS(SegmentMatched(raster, Choosing(1, 2), reference),
                       doctest::Contains("to match"), ParameterError);
}
