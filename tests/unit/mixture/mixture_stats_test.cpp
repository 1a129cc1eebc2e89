#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/mixture_stats.h>
#include <gmmseg/threads.h>

#include "generated.h"
#include "mixture/accumulate.h"

namespace gmmseg {
namespace {

struct Moments {
  double weight = 0;
  Eigen::VectorXd mean;
  Eigen::MatrixXd covariance;
};

// The definition, sample by sample, through the reference posterior.
Moments ReferenceMoments(const Samples& samples, const GaussianMixture& model, int k) {
  const int num_features = samples.num_features();
  Moments m{0, Eigen::VectorXd::Zero(num_features),
            Eigen::MatrixXd::Zero(num_features, num_features)};
  for (std::int64_t i = 0; i < samples.size(); ++i) {
    const Eigen::VectorXd x = samples.Value(i);
    const double r = samples.weights()[i] * Posterior(model, x)[k];
    m.weight += r;
    m.mean += r * x;
    m.covariance += r * x * x.transpose();
  }
  m.mean /= m.weight;
  m.covariance = m.covariance / m.weight - m.mean * m.mean.transpose();
  return m;
}

bool SameStats(const MixtureStats& a, const MixtureStats& b) {
  if (a.num_samples() != b.num_samples() || a.log_likelihood() != b.log_likelihood()) return false;
  for (int k = 0; k < a.num_components(); ++k)
    if (a.Weight(k) != b.Weight(k) || a.Mean(k) != b.Mean(k) || a.Covariance(k) != b.Covariance(k))
      return false;
  return true;
}

Samples Slice(const Samples& samples, std::int64_t first, std::int64_t count) {
  Samples slice(count, samples.num_features());
  for (std::int64_t i = 0; i < count; ++i) {
    slice.weights()[i] = samples.weights()[first + i];
    for (int d = 0; d < samples.num_features(); ++d)
      slice.Plane(d)[i] = samples.Plane(d)[first + i];
  }
  return slice;
}

}  // namespace

TEST_CASE("statistics: equal their definition, with weights") {
  const GaussianMixture model = RandomMixture(3, {{0, 2, 1.0}, {2, 1, 0.5}});
  Samples samples = PlainSamples(Sample(RandomMixture(3, 3), 3000, 5).points);
  for (std::int64_t i = 0; i < samples.size(); ++i)
    samples.weights()[i] = static_cast<float>(i % 4);
  const MixtureStats stats = SampleSource(samples).Accumulate(model);
  CHECK(stats.num_samples() == 4500);
  for (int k = 0; k < 3; ++k) {
    const Moments expected = ReferenceMoments(samples, model, k);
    CHECK(stats.Weight(k) == doctest::Approx(expected.weight).epsilon(1e-5));
    CHECK((stats.Mean(k) - expected.mean).norm() < 1e-4);
    CHECK(
        (stats.Covariance(k).topLeftCorner(2, 2) - expected.covariance.topLeftCorner(2, 2)).norm() <
        1e-3);
    CHECK(stats.Covariance(k)(2, 2) == doctest::Approx(expected.covariance(2, 2)).epsilon(1e-4));
    CHECK(stats.Covariance(k)(2, 0) == 0);  // between blocks
  }
}

TEST_CASE("statistics: the same bits for 1, 2 and 7 threads") {
  const GaussianMixture model = RandomMixture(4, 3);
  const Samples samples = PlainSamples(Sample(model, 50001, 6).points);
  const MixtureStats reference = [&] {
    ThreadLimit one(1);
    return SampleSource(samples).Accumulate(model);
  }();
  for (const int threads : {2, 7}) {
    ThreadLimit limit(threads);
    CHECK(SameStats(SampleSource(samples).Accumulate(model), reference));
  }
}

TEST_CASE("statistics: parts cut at whole tiles merge to the same bits, in any order") {
  const GaussianMixture model = RandomMixture(4, 3);
  const Samples samples = PlainSamples(Sample(model, 4096 * 5 + 100, 6).points);
  const MixtureStats whole = SampleSource(samples).Accumulate(model);
  MixtureStats merged;
  for (const auto& [first, count] :
       {std::pair{4096 * 3, 4096 * 2 + 100}, {0, 4096}, {4096, 4096 * 2}}) {
    const Samples part = Slice(samples, first, count);
    merged += SampleSource(part).Accumulate(model);
  }
  CHECK(SameStats(merged, whole));
}

TEST_CASE("statistics: come back from their sums, and add up with those that never went away") {
  const GaussianMixture model = RandomMixture(3, {{0, 2, 1.0}, {2, 1, 0.5}});
  const Samples samples = PlainSamples(Sample(RandomMixture(3, 3), 3000, 5).points);
  const MixtureStats stats = SampleSource(samples).Accumulate(model);
  const std::vector<ExactSum> sums = stats.Sums();
  CHECK(sums.size() == 2 + 3 * (1 + 3 + 4));
  MixtureStats back = MixtureStats::FromSums(stats.centers(), stats.packed_blocks(), sums);
  CHECK(SameStats(back, stats));
  MixtureStats twice = stats;
  twice += stats;
  back += stats;
  CHECK(SameStats(back, twice));
  CHECK_THROWS_WITH_AS(MixtureStats::FromSums(stats.centers(), stats.packed_blocks(),
                                              std::span(sums).first(sums.size() - 1)),
                       doctest::Contains("25 sums; 3 components over 3 features have 26"),
                       ParameterError);
  CHECK_THROWS_AS(MixtureStats::FromSums(stats.centers(), {{0, 2, 1.0}}, sums), ParameterError);
}

TEST_CASE("statistics: of different models are not added") {
  const Samples samples = PlainSamples(Sample(RandomMixture(2, 2), 100, 6).points);
  MixtureStats stats = SampleSource(samples).Accumulate(RandomMixture(2, 2, 1));
  CHECK_THROWS_AS(stats += SampleSource(samples).Accumulate(RandomMixture(2, 2, 2)),
                  ParameterError);
}

TEST_CASE("statistics: the sample that the model fits worst is found, those of weight 0 left out") {
  Eigen::MatrixXd points = Sample(RandomMixture(2, 2), 9000, 6).points;
  points.row(7777) << 40, -60;
  points.row(1234) << -500, 800;
  Samples samples = PlainSamples(points);
  samples.weights()[1234] = 0;
  const WorstSample worst = SampleSource(samples).FindWorst(RandomMixture(2, 2));
  CHECK(worst.features == std::vector<float>{40, -60});
}

TEST_CASE("statistics: a model absurdly far away overflows the sums, which say so") {
  GaussianMixture model = RandomMixture(2, 2);
  model.means.setConstant(1e14);
  const Samples samples = PlainSamples(Sample(RandomMixture(2, 2), 100, 6).points);
  CHECK(SampleSource(samples).Accumulate(model).overflowed());
}

}  // namespace gmmseg
