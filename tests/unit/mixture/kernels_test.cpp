#include "mixture/kernels.h"

#include <doctest/doctest.h>
#include <gmmseg/posterior.h>

#include <cmath>
#include <cstdlib>
#include <string>

#include "base/tile_loop.h"
#include "generated.h"

namespace gmmseg {
namespace {

enum class Weights { kAny, kOne, kOneButSome };  // 0 to 3; 1; 1 but every 100th 0

struct Case {
  int num_components;
  std::vector<FeatureBlock> blocks;
  std::int64_t count;
  Weights weights = Weights::kAny;
};

float WeightOf(Weights weights, std::int64_t i, std::mt19937_64& random) {
  if (weights == Weights::kAny) return static_cast<float>(random() % 4);
  return weights == Weights::kOneButSome && i % 100 == 57 ? 0.0f : 1.0f;
}

// Every unrolled block size and beyond, every unrolled K and beyond, two blocks, single samples,
// tails and whole tiles.
std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (const int d : {1, 2, 3, 4, 5, 6, 7, 8, 12, 20, 33, 67})
    cases.push_back({4, {{0, d, 1.0}}, 1300});
  for (const int k : {1, 2, 3, 5, 6, 7, 8, 9, 30}) cases.push_back({k, {{0, 3, 1.0}}, 700});
  for (const std::int64_t n : {1, 15, 16, 17, 511, 512, 513, 4095, 4096})
    cases.push_back({3, {{0, 2, 1.0}}, n});
  for (const Weights weights : {Weights::kOne, Weights::kOneButSome})
    for (const int k : {1, 4, 9, 2000}) cases.push_back({k, {{0, 3, 1.0}}, 700, weights});
  cases.push_back({4, {{0, 3, 1.0}, {3, 2, 0.4}}, 1000});
  cases.push_back({2, {{0, 9, 1.0}, {9, 1, 2.0}, {10, 8, 0.0}}, 600});
  return cases;
}

struct Fixture {
  explicit Fixture(const Case& c)
      : mixture(RandomMixture(c.num_components, c.blocks)),
        samples(PlainSamples(Eigen::MatrixXd::Zero(c.count, mixture.num_features()))),
        model(mixture) {
    std::mt19937_64 random(5);
    std::normal_distribution<float> normal(0, 4);
    for (std::int64_t i = 0; i < samples.size(); ++i) {
      samples.weights()[i] = WeightOf(c.weights, i, random);
      for (int d = 0; d < samples.num_features(); ++d) samples.Plane(d)[i] = normal(random);
    }
  }
  TileView tile() const {
    return {samples.Plane(0), samples.stride(), samples.weights(), samples.size()};
  }

  GaussianMixture mixture;
  Samples samples;
  KernelModel model;
};

double LargestDifference(const std::vector<double>& a, const std::vector<double>& b, double scale) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::abs(a[i] - b[i]) / scale);
  return largest;
}

}  // namespace

TEST_CASE("kernels: sums of every instruction set equal the scalar ones") {
  for (const Kernels& kernels : AvailableKernels()) {
    for (const Case& c : Cases()) {
      const Fixture f(c);
      for (const Membership membership : {Membership::kSoft, Membership::kHard}) {
        CAPTURE(std::string(kernels.name));
        CAPTURE(c.num_components);
        CAPTURE(c.blocks.front().size);
        CAPTURE(c.count);
        CAPTURE(static_cast<int>(membership));
        const KernelModel model(f.mixture, membership);
        TileSums expected(model), actual(model);
        ScalarKernels().accumulate(model, f.tile(), expected);
        kernels.accumulate(model, f.tile(), actual);
        const double n = static_cast<double>(c.count);
        CHECK(actual.n == expected.n);
        CHECK(actual.log2_likelihood == doctest::Approx(expected.log2_likelihood).epsilon(1e-6));
        // A sample halfway between two components may fall to either: of weight 3 at most, and less
        // than 10 from a mean in each feature.
        const double halfway = membership == Membership::kHard ? 3 / n : 0;
        CHECK(LargestDifference(actual.s0, expected.s0, n) < 2e-5 + halfway);
        CHECK(LargestDifference(actual.s1, expected.s1, n) < 2e-4 + 10 * halfway);
        CHECK(LargestDifference(actual.s2, expected.s2, n) < 2e-3 + 100 * halfway);
      }
    }
  }
}

TEST_CASE("kernels: of components alike, a hard membership is the first one's") {
  GaussianMixture mixture = RandomMixture(1, 2);
  mixture.weights = Eigen::Vector3d::Constant(1.0 / 3);
  mixture.means = mixture.means.replicate(3, 1).eval();
  mixture.covariances.assign(3, mixture.covariances[0]);
  const Samples samples = PlainSamples(Sample(mixture, 100, 1).points);
  const KernelModel model(mixture, Membership::kHard);
  for (const Kernels& kernels : AvailableKernels()) {
    TileSums sums(model);
    kernels.accumulate(
        model, {samples.Plane(0), samples.stride(), samples.weights(), samples.size()}, sums);
    CHECK(sums.s0 == std::vector<double>{100, 0, 0});
  }
}

TEST_CASE("kernels: posteriors and log-densities of every instruction set equal the scalar ones") {
  for (const Kernels& kernels : AvailableKernels()) {
    for (const Case& c : Cases()) {
      CAPTURE(std::string(kernels.name));
      const Fixture f(c);
      const std::int64_t stride = f.samples.stride();
      AlignedBuffer<float> expected(c.num_components * stride), actual(c.num_components * stride);
      AlignedBuffer<float> expected_density(stride), actual_density(stride);
      ScalarKernels().evaluate(f.model, f.tile(), expected.data(), stride, expected_density.data());
      kernels.evaluate(f.model, f.tile(), actual.data(), stride, actual_density.data());
      float worst = 0, worst_density = 0;
      for (std::int64_t i = 0; i < c.count; ++i) {
        for (int k = 0; k < c.num_components; ++k)
          worst = std::max(worst, std::abs(expected[k * stride + i] - actual[k * stride + i]));
        worst_density = std::max(worst_density, std::abs(expected_density[i] - actual_density[i]) /
                                                    std::max(1.0f, std::abs(expected_density[i])));
      }
      CHECK(worst < 1e-4f);
      CHECK(worst_density < 1e-5f);
    }
  }
}

TEST_CASE("kernels: the scalar ones equal the mixture's own definition") {
  const Fixture f({4, {{0, 3, 1.0}, {3, 2, 0.4}}, 200});
  AlignedBuffer<float> posteriors(4 * f.samples.stride()), density(f.samples.stride());
  ScalarKernels().evaluate(f.model, f.tile(), posteriors.data(), f.samples.stride(),
                           density.data());
  for (std::int64_t i = 0; i < 200; ++i) {
    const Eigen::VectorXd x = f.samples.Value(i), expected = Posterior(f.mixture, x);
    CHECK(density[i] * std::log(2.0) == doctest::Approx(LogDensity(f.mixture, x)).epsilon(1e-5));
    for (int k = 0; k < 4; ++k)
      CHECK(std::abs(posteriors[k * f.samples.stride() + i] - expected[k]) < 1e-5);
  }
}

TEST_CASE(
    "kernels: samples where every density underflows get finite posteriors that add up to 1") {
  Fixture f({3, {{0, 2, 1.0}}, 64, Weights::kOne});
  for (std::int64_t i = 0; i < 64; ++i) f.samples.Plane(0)[i] = 1e25f;
  for (const Kernels& kernels : AvailableKernels()) {
    if (kernels.name == "scalar") continue;  // double holds these densities
    AlignedBuffer<float> posteriors(3 * 64), density(64);
    kernels.evaluate(f.model, f.tile(), posteriors.data(), 64, density.data());
    for (int i = 0; i < 64; ++i) {
      CHECK(posteriors[i] + posteriors[64 + i] + posteriors[128 + i] == doctest::Approx(1.0));
      CHECK(std::isfinite(density[i]));
    }
    TileSums sums(f.model);
    kernels.accumulate(f.model, f.tile(), sums);
    CHECK(std::isfinite(sums.log2_likelihood));
  }
}

TEST_CASE("kernels: the forced instruction set is the one that runs") {
  // The choice is made once a process, from the environment; the ctest entries unit.mixture.* force
  // each path in turn.
  const char* forced = std::getenv("GMMSEG_SIMD");
  if (forced == nullptr) {
    CHECK(InstructionSet() == AvailableKernels().front().name);
  } else {
    CHECK(std::string(InstructionSet()) == forced);
  }
}

}  // namespace gmmseg
