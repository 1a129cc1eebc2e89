#include "mixture/partition.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "generated.h"
#include "mixture/initialize.h"

namespace gmmseg {
namespace {

// Three tight groups of 40 points each, in turn: point i belongs to group i % 3.
ClusterPoints ThreeGroups() {
  std::mt19937_64 random(4);
  std::normal_distribution<double> normal(0, 0.1);
  ClusterPoints points;
  points.rows.resize(120, 2);
  points.weights = Eigen::VectorXd::Ones(120);
  for (int i = 0; i < 120; ++i)
    points.rows.row(i) << 5 * (i % 3) + normal(random), (i % 3 == 1) + normal(random);
  return points;
}

// Whether two partitions are the same up to names.
bool SameClusters(const std::vector<int>& a, const std::vector<int>& b) {
  std::set<std::pair<int, int>> pairs;
  for (std::size_t i = 0; i < a.size(); ++i) pairs.insert({a[i], b[i]});
  return pairs.size() == std::set<int>(a.begin(), a.end()).size() &&
         pairs.size() == std::set<int>(b.begin(), b.end()).size();
}

std::vector<int> TrueGroups() {
  std::vector<int> groups(120);
  for (int i = 0; i < 120; ++i) groups[i] = i % 3;
  return groups;
}

}  // namespace

TEST_CASE("k-means: finds well separated groups") {
  for (std::uint64_t seed = 0; seed < 5; ++seed)
    CHECK(SameClusters(KMeansPartition(ThreeGroups(), 3, seed, 0), TrueGroups()));
}

TEST_CASE("ward: finds well separated groups and cuts at the number asked for") {
  CHECK(SameClusters(WardPartition(ThreeGroups(), 3), TrueGroups()));
  for (const int k : {1, 2, 7, 120}) {
    const std::vector<int> partition = WardPartition(ThreeGroups(), k);
    CHECK(static_cast<int>(std::set<int>(partition.begin(), partition.end()).size()) == k);
  }
}

TEST_CASE("ward: equals scipy's cut on points without structure") {
  // scipy 1.10.1: fcluster(linkage(x, 'ward'), 4, 'maxclust') for x_i = (i² mod 53, 7 i³ mod 59), i
  // = 0…29.
  ClusterPoints points;
  points.rows.resize(30, 2);
  points.weights = Eigen::VectorXd::Ones(30);
  for (int i = 0; i < 30; ++i) points.rows.row(i) << i * i % 53, 7 * i * i * i % 59;
  CHECK(SameClusters(WardPartition(points, 4), {2, 2, 3, 2, 3, 3, 4, 4, 3, 4, 4, 3, 1, 3, 4,
                                                2, 4, 3, 3, 4, 1, 3, 2, 4, 1, 4, 1, 1, 4, 4}));
}

TEST_CASE("partitions: points that are all the same are one cluster, or fall into any") {
  ClusterPoints points{Eigen::MatrixXd::Ones(10, 2), Eigen::VectorXd::Ones(10)};
  const std::vector<int> partition = KMeansPartition(points, 3, 1, 0);
  CHECK(std::set<int>(partition.begin(), partition.end()).size() == 1);
  CHECK(WardPartition(points, 3).size() == 10);
}

TEST_CASE("whitening: unit covariance within blocks, scaled by the root of the temper") {
  const std::vector<FeatureBlock> blocks{{0, 2, 1.0}, {2, 2, 0.25}};
  const ClusterPoints points =
      Whiten(PlainSamples(Sample(RandomMixture(2, 4), 5000, 2).points), blocks);
  const Eigen::MatrixXd covariance = points.rows.transpose() * points.rows / 5000;
  CHECK(covariance.topLeftCorner(2, 2).isApprox(Eigen::Matrix2d::Identity(), 1e-6));
  CHECK(covariance.bottomRightCorner(2, 2).isApprox(0.25 * Eigen::Matrix2d::Identity(), 1e-6));
}

TEST_CASE("scaling: plane units about the mean, times the root of the temper") {
  const Samples samples = PlainSamples(Sample(RandomMixture(2, 3), 5000, 2).points);
  const ClusterPoints points = ScaleBlocks(samples, {{0, 2, 1.0}, {2, 1, 0.25}});
  CHECK(points.rows.colwise().mean().cwiseAbs().maxCoeff() < 1e-9);
  const auto difference = [&](int d) {
    return static_cast<double>(samples.Plane(d)[7]) - static_cast<double>(samples.Plane(d)[8]);
  };
  CHECK(points.rows(7, 1) - points.rows(8, 1) == doctest::Approx(difference(1)));
  CHECK(points.rows(7, 2) - points.rows(8, 2) == doctest::Approx(0.5 * difference(2)));
}

TEST_CASE(
    "subsample: leaves out absent samples, is a function of the seed, and adds up to its size") {
  Samples samples = PlainSamples(Sample(RandomMixture(2, 2), 5000, 2).points);
  for (std::int64_t i = 0; i < 5000; i += 2) {
    samples.weights()[i] = 0;
    samples.Plane(0)[i] = 1000;
  }
  for (std::int64_t i = 1; i < 5000; i += 2) samples.weights()[i] = 3;
  const Samples a = Subsample(samples, 300, 1), b = Subsample(samples, 300, 1),
                c = Subsample(samples, 300, 2);
  REQUIRE(a.size() > 250);
  CHECK(std::accumulate(a.weights(), a.weights() + a.size(), 0.0) == 300);
  CHECK(std::equal(a.Plane(0), a.Plane(0) + a.size(), b.Plane(0)));
  CHECK_FALSE(std::equal(a.Plane(0), a.Plane(0) + 200, c.Plane(0)));
  CHECK(std::count(a.Plane(0), a.Plane(0) + a.size(), 1000.0f) == 0);
}

TEST_CASE("subsample: as many samples as are asked for, or fewer, stay as they are") {
  Samples samples = PlainSamples(Sample(RandomMixture(2, 2), 50, 2).points);
  for (std::int64_t i = 0; i < 50; ++i) samples.weights()[i] = static_cast<float>(i % 5);
  const Samples all = Subsample(samples, 40, 1);
  REQUIRE(all.size() == 40);
  for (std::int64_t j = 0; j < 40; ++j) {
    CHECK(all.weights()[j] == static_cast<float>(j % 4 + 1));
    CHECK(all.Plane(1)[j] == samples.Plane(1)[j / 4 * 5 + j % 4 + 1]);
  }
}

TEST_CASE("subsample: each sample weighs its share of the weights, to a draw or two") {
  Samples samples(1000, 1);
  double total = 0;
  for (std::int64_t i = 0; i < 1000; ++i) {
    samples.Plane(0)[i] = static_cast<float>(i);
    samples.weights()[i] = i == 500 ? 1e6f : static_cast<float>(i * i);
    total += samples.weights()[i];
  }
  const Samples drawn = Subsample(samples, 500, 1);
  for (std::int64_t j = 0; j < drawn.size(); ++j) {
    const auto i = static_cast<std::int64_t>(drawn.Plane(0)[j]);
    CHECK(std::abs(drawn.weights()[j] - 500 * samples.weights()[i] / total) < 2);
  }
  CHECK(std::accumulate(drawn.weights(), drawn.weights() + drawn.size(), 0.0) == 500);
}

TEST_CASE("distinct samples: each once, in order, up to the limit") {
  Eigen::MatrixXd rows(6, 1);
  rows << 4, 4, -0.0, 0.0, 4, 9;
  const Samples samples = PlainSamples(rows);
  CHECK(DistinctSamples(samples, 9) == Eigen::Vector3d(4, 0, 9));
  CHECK(DistinctSamples(samples, 2).rows() == 2);
}

}  // namespace gmmseg
