#include <doctest/doctest.h>
#include <gmmseg/component_merge.h>
#include <gmmseg/errors.h>

#include <cmath>
#include <mutex>

#include "generated.h"

namespace {

using namespace gmmseg;

GaussianMixture SevenComponents() {
  const double covariances[7][3] = {{.8, .2, .5}, {1.5, -.3, .7}, {.6, 0, .6}, {1, .4, 2},
                                    {1.2, 0, .4}, {.5, .1, .5},   {4, 1, 4}};
  GaussianMixture mixture;
  mixture.blocks = {{0, 2, 1.0}};
  mixture.weights = Eigen::VectorXd(7);
  mixture.weights << .2, .1, .15, .1, .2, .1, .15;
  mixture.means = Eigen::MatrixXd(7, 2);
  mixture.means << 2, 2, 3, 2.5, 7, 7, 7, 5.5, 2, 8, 8, 1, 5, 5;
  for (const auto& [xx, xy, yy] : covariances)
    mixture.covariances.push_back((Eigen::Matrix2d() << xx, xy, xy, yy).finished());
  return mixture;
}

// Spread evenly over the square from 0 to 10.
Samples EvenPoints(std::int64_t count) {
  Samples samples(count, 2);
  for (std::int64_t i = 0; i < count; ++i) {
    samples.weights()[i] = 1;
    samples.Plane(0)[i] =
        static_cast<float>(10 * std::fmod(static_cast<double>(i + 1) * 0.618033988749895, 1));
    samples.Plane(1)[i] =
        static_cast<float>(10 * std::fmod(static_cast<double>(i + 1) * 0.754877666246693, 1));
  }
  return samples;
}

}  // namespace

// Reference: clustCombi of R's mclust 6.0.0 on the same points and the same posteriors.
TEST_CASE("components are merged as mclust merges them") {
  const double entropies[] = {
      0.6107123844, 0.4298916911, 0.3020713597, 0.1914007649, 0.1050595302, 0.0381195764, 0};
  const std::array<int, 2> merged[] = {{3, 6}, {2, 3}, {1, 2}, {0, 1}, {0, 4}, {0, 5}};
  const ComponentMerge merge = MergeComponents(EvenPoints(3000), SevenComponents(), 4);
  REQUIRE(merge.levels.size() == 7);
  CHECK_FALSE(merge.levels[0].merged.has_value());
  for (int i = 0; i < 7; ++i) {
    CAPTURE(i);
    CHECK(merge.levels[i].num_classes == 7 - i);
    CHECK(merge.levels[i].entropy == doctest::Approx(entropies[i]).epsilon(1e-5).scale(1));
    if (i > 0) CHECK(merge.levels[i].merged == merged[i - 1]);
  }
  // {1}, {2, 3, 4, 7}, {5}, {6}, by ascending x: 2 (twice: the first comes first), 5.4 and 8.
  CHECK(merge.class_of == std::vector<int>{0, 2, 2, 2, 1, 3, 2});
}

TEST_CASE("as many classes as components are these, and one is all of them") {
  const Samples samples = EvenPoints(500);
  CHECK(MergeComponents(samples, SevenComponents(), 1).class_of == std::vector<int>(7, 0));
  const std::vector<int> by_x{0, 2, 4, 5, 1, 6, 3};
  CHECK(MergeComponents(samples, SevenComponents(), 7).class_of == by_x);
  CHECK(MergeComponents(samples, SevenComponents(), 9).class_of == by_x);
  CHECK_THROWS_AS(MergeComponents(samples, SevenComponents(), 0), ParameterError);
}

TEST_CASE("a sample counts by its weight, and one of weight 0 does not") {
  Samples twice = EvenPoints(600), weighted = EvenPoints(500);
  for (std::int64_t i = 0; i < 100; ++i) {
    weighted.weights()[i] = 2;
    for (int d = 0; d < 2; ++d) twice.Plane(d)[500 + i] = twice.Plane(d)[i];
    weighted.weights()[400 + i] = twice.weights()[400 + i] = 0;
  }
  const ComponentMerge one = MergeComponents(weighted, SevenComponents(), 3);
  const ComponentMerge other = MergeComponents(twice, SevenComponents(), 3);
  CHECK(one.class_of == other.class_of);
  for (std::size_t i = 0; i < one.levels.size(); ++i)
    CHECK(one.levels[i].entropy == doctest::Approx(other.levels[i].entropy));
}

TEST_CASE("a class's posterior is the sum of its components'") {
  const Samples samples = EvenPoints(2500);
  const std::vector<int> class_of{0, 2, 2, 2, 1, 3, 2};
  std::vector<std::array<float, 4>> sums(samples.size(), std::array<float, 4>{});
  VisitPosteriors(samples, SevenComponents(), [&](const PosteriorTile& tile) {
    for (std::int64_t i = 0; i < tile.count; ++i)
      for (int k = 0; k < 7; ++k) sums[tile.first + i][class_of[k]] += tile.Posterior(k, i);
  });
  std::mutex mutex;
  std::int64_t visited = 0;
  VisitClassPosteriors(samples, SevenComponents(), class_of, [&](const PosteriorTile& tile) {
    const std::lock_guard lock(mutex);
    visited += tile.count;
    for (std::int64_t i = 0; i < tile.count; ++i)
      for (int k = 0; k < 4; ++k) CHECK(tile.Posterior(k, i) == sums[tile.first + i][k]);
  });
  CHECK(visited == samples.size());
}
