#include <doctest/doctest.h>
#include <gmmseg/contingency_table.h>
#include <gmmseg/errors.h>

#include <algorithm>
#include <numeric>

#include "base/random.h"
#include "test_maps.h"

namespace gmmseg {
namespace {

constexpr double kTiny = 1e-12;

OwnedMap RandomMap(std::int64_t width, std::int64_t height, int num_labels, std::uint64_t seed) {
  return {width, height, [=](std::int64_t x, std::int64_t y) {
            return Hash(seed, 0, static_cast<std::uint64_t>(y * width + x)) %
                   static_cast<std::uint64_t>(num_labels);
          }};
}

double RandByPairs(const OwnedMap& a, const OwnedMap& b) {
  double agreeing = 0, pairs = 0;
  for (std::size_t i = 0; i < a.labels.size(); ++i)
    for (std::size_t j = 0; j < i; ++j, ++pairs)
      agreeing += (a.labels[i] == a.labels[j]) == (b.labels[i] == b.labels[j]);
  return agreeing / pairs;
}

}  // namespace

TEST_CASE("contingency table: counts every pair of labels once, and leaves out what is ignored") {
  const std::vector<std::uint16_t> predicted = {7, 7, 0, 65535, 7, 0},
                                   truth = {2, 2, 2, 9, 9, 65535};
  const ContingencyTable table({3, 2, predicted}, {3, 2, truth});
  CHECK(table.num_pixels() == 6);
  REQUIRE(table.predictions().size() == 3);
  CHECK(table.predictions()[0].label == 0);
  CHECK(table.predictions()[1].pixels == 3);
  CHECK(table.predictions()[2].label == 65535);
  REQUIRE(table.overlaps().size() == 5);
  CHECK(table.overlaps()[2].pixels == 2);  // 7 with 2
  const ContingencyTable part({3, 2, predicted}, {3, 2, truth}, 9);
  CHECK(part.num_pixels() == 4);
  CHECK(part.predictions().size() == 2);
  CHECK(part.truths().size() == 2);
}

TEST_CASE("region measures are those of scikit-learn's and SciPy's") {
  const OwnedMap predicted = Predicted(), truth = Truth();
  const ContingencyTable table(predicted.view(), truth.view());
  CHECK(SegmentationCovering(table) == doctest::Approx(0.49196398106022343).epsilon(kTiny));
  CHECK(RandIndex(table) == doctest::Approx(0.7812906489377077).epsilon(kTiny));
  CHECK(AdjustedRandIndex(table) == doctest::Approx(0.3768820682744902).epsilon(kTiny));
  CHECK(NormalizedMutualInformation(table) == doctest::Approx(0.4772312912712151).epsilon(kTiny));
  CHECK(VariationOfInformation(table) == doctest::Approx(2.24874588341674).epsilon(kTiny));
  const auto matches = MatchRegions(table);
  REQUIRE(matches);
  CHECK(*matches == std::vector<int>{0, 1, 2, 3, -1});
  CHECK(MatchedAccuracy(table, *matches) == doctest::Approx(0.6029411764705882).epsilon(kTiny));
}

TEST_CASE("region measures: ignoring a label is leaving its pixels away, says scikit-learn") {
  const OwnedMap predicted = Predicted(), truth = Truth();
  const ContingencyTable table(predicted.view(), truth.view(), 2);
  CHECK(SegmentationCovering(table) == doctest::Approx(0.5651600544800579).epsilon(kTiny));
  CHECK(AdjustedRandIndex(table) == doctest::Approx(0.41048673427338245).epsilon(kTiny));
  CHECK(VariationOfInformation(table) == doctest::Approx(1.8789692698170404).epsilon(kTiny));
}

TEST_CASE("rand index: by looking at every pair of pixels") {
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const OwnedMap a = RandomMap(9, 7, 1 + static_cast<int>(seed), seed),
                   b = RandomMap(9, 7, 4, 99);
    CHECK(RandIndex(ContingencyTable(a.view(), b.view())) ==
          doctest::Approx(RandByPairs(a, b)).epsilon(kTiny));
  }
}

TEST_CASE("region measures: the same regions under other numbers are perfect") {
  const OwnedMap truth = Truth();
  OwnedMap renamed = truth;
  for (std::uint16_t& label : renamed.labels) label = static_cast<std::uint16_t>(60000 - 7 * label);
  const ContingencyTable table(renamed.view(), truth.view());
  CHECK(SegmentationCovering(table) == 1);
  CHECK(RandIndex(table) == 1);
  CHECK(AdjustedRandIndex(table) == 1);
  CHECK(NormalizedMutualInformation(table) == doctest::Approx(1).epsilon(kTiny));
  CHECK(VariationOfInformation(table) == 0);
  CHECK(MatchedAccuracy(table, *MatchRegions(table)) == 1);
}

TEST_CASE("region measures: one region, and one pixel, have values as scikit-learn gives them") {
  const OwnedMap one = Constant(4, 3, 5), other = Constant(4, 3, 0),
                 halves(4, 3, [](auto x, auto) { return x / 2; });
  const ContingencyTable same(one.view(), other.view()), split(one.view(), halves.view());
  CHECK(AdjustedRandIndex(same) == 1);
  CHECK(NormalizedMutualInformation(same) == 1);
  CHECK(AdjustedRandIndex(split) == 0);
  CHECK(NormalizedMutualInformation(split) == doctest::Approx(0));
  CHECK(VariationOfInformation(split) == doctest::Approx(1));
  const OwnedMap pixel = Constant(1, 1, 3);
  const ContingencyTable least(pixel.view(), pixel.view());
  CHECK(RandIndex(least) == 1);
  CHECK(AdjustedRandIndex(least) == 1);
  CHECK(NormalizedMutualInformation(least) == 1);
}

TEST_CASE("matched regions: too many to match have no matches") {
  const auto label = [](std::int64_t x, std::int64_t y) { return y * 200 + x; };
  const OwnedMap map(200, 200, label);
  CHECK_FALSE(MatchRegions(ContingencyTable(map.view(), map.view())));
}

TEST_CASE("contingency table: refuses maps of different sizes, and where nothing counts") {
  const OwnedMap a = Constant(4, 3, 1), b = Constant(3, 4, 1);
  CHECK_THROWS_WITH_AS(ContingencyTable(a.view(), b.view()),
                       doctest::Contains("4 x 3 pixels, the truth 3 x 4"), ParameterError);
  CHECK_THROWS_WITH_AS(ContingencyTable(a.view(), a.view(), 1), doctest::Contains("ignored"),
                       ParameterError);
  CHECK_THROWS_AS(ContingencyTable({4, 4, a.labels}, {4, 4, a.labels}), ParameterError);
}

}  // namespace gmmseg
