#include "spatial/mean_field.h"

#include <doctest/doctest.h>
#include <gmmseg/threads.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "test_problems.h"

namespace gmmseg {
namespace {

// Of the contrast that is the mean over all pairs.
PairWeights WeightsByMean(const Grid& grid, std::span<const GuidePlane> guide,
                          const float* weight) {
  SquaredSteps steps = MeasureSteps(grid, guide, weight);
  const double contrast = steps.Mean();
  return ContrastWeights(std::move(steps), contrast);
}

// E(q) as mean_field.h defines it, in double, per pixel with data.
double EnergyOf(const SmoothProblem& problem, const PairWeights& weights, double beta,
                const std::vector<float>& log_p, const std::vector<float>& q) {
  const Grid& grid = problem.grid;
  const auto at = [&](const std::vector<float>& planes, int k, std::int64_t i) -> double {
    return planes[k * grid.size() + i];
  };
  double energy = 0, count = 0;
  for (std::int64_t i = 0; i < grid.size(); ++i) {
    if (problem.weight[i] == 0) continue;
    ++count;
    for (int k = 0; k < problem.num_classes; ++k)
      if (at(q, k, i) > 0) energy += at(q, k, i) * (std::log(at(q, k, i)) - at(log_p, k, i));
    for (std::size_t a = 0; a < 3; ++a) {
      if (weights[a].empty()) continue;
      double agreement = 0;
      if (weights[a][i] > 0)
        for (int k = 0; k < problem.num_classes; ++k)
          agreement += at(q, k, i) * at(q, k, i + grid.axes()[a].stride);
      energy += beta * weights[a][i] * (1 - agreement);
    }
  }
  return energy / count;
}

TEST_CASE("contrast weights: the definition, pair by pair") {
  const SmoothProblem problem({7, 5, 3}, 2, 0.2, 3);
  const PairWeights weights = WeightsByMean(problem.grid, problem.Guide(), problem.weight.data());
  std::vector<std::vector<double>> squares(3);
  double sum = 0, count = 0;
  for (std::size_t a = 0; a < 3; ++a) {
    const auto [stride, extent] = problem.grid.axes()[a];
    for (std::int64_t i = 0; i < problem.grid.size(); ++i) {
      double square = -1;
      if (i / stride % extent + 1 < extent && problem.weight[i] > 0 &&
          problem.weight[i + stride] > 0) {
        square = 0;
        for (const auto& plane : problem.guide)
          square += std::pow(double{plane[i]} - plane[i + stride], 2);
        sum += square;
        ++count;
      }
      squares[a].push_back(square);
    }
  }
  for (std::size_t a = 0; a < 3; ++a)
    for (std::size_t i = 0; i < squares[a].size(); ++i) {
      const double expected = squares[a][i] < 0 ? 0 : std::exp(-squares[a][i] / (2 * sum / count));
      CHECK(weights[a][i] == doctest::Approx(expected).epsilon(1e-5));
    }
  const std::vector<float> flat(problem.grid.size(), 0.5f);
  const std::vector<GuidePlane> guide = {GuidePlane{flat.data()}};
  CHECK(std::ranges::max(WeightsByMean(problem.grid, guide, problem.weight.data())[0]) == 1);
}

TEST_CASE("mean field: no sweep raises the energy, which is that of the definition") {
  for (const Grid& grid : {Grid{33, 21}, Grid{1, 40}, Grid{40, 1}, Grid{4, 3}, Grid{9, 8, 5}})
    for (const double without_data : {0.0, 0.3})
      for (const double beta : {0.3, 1.0, 4.0})
        for (const int num_classes : {2, 5}) {
          const SmoothProblem problem(grid, num_classes, without_data, 7);
          const PairWeights weights = WeightsByMean(grid, problem.Guide(), problem.weight.data());
          const std::vector<float> log_p = problem.LogPosteriors(0.3f);
          std::vector<double> energies;
          for (int sweeps = 0; sweeps <= 6; ++sweeps) {
            std::vector<float> q = log_p;
            const std::vector<double> told =
                MeanField(grid, weights, problem.weight.data(),
                          {.beta = beta, .max_sweeps = sweeps, .tolerance = -1}, problem.Planes(q));
            REQUIRE(told.size() == static_cast<std::size_t>(sweeps) + 1);
            energies.push_back(EnergyOf(problem, weights, beta, log_p, q));
            CHECK(told.back() == doctest::Approx(energies.back()).epsilon(1e-5));
            if (sweeps > 0) CHECK(energies[sweeps] <= energies[sweeps - 1] + 1e-6);
          }
          CHECK(energies.back() < energies.front());
        }
}

TEST_CASE("mean field: beta 0 normalises the tempered posteriors, and nothing more") {
  const SmoothProblem problem({19, 13}, 4, 0.2, 5);
  const PairWeights weights = WeightsByMean(problem.grid, problem.Guide(), problem.weight.data());
  std::vector<float> q = problem.LogPosteriors(0.5f);
  MeanField(problem.grid, weights, problem.weight.data(), {.beta = 0}, problem.Planes(q));
  for (std::int64_t i = 0; i < problem.grid.size(); ++i) {
    double sum = 0;
    for (int k = 0; k < 4; ++k) sum += std::sqrt(problem.posteriors[k * problem.grid.size() + i]);
    for (int k = 0; k < 4; ++k) {
      const double p = problem.posteriors[k * problem.grid.size() + i];
      CHECK(q[k * problem.grid.size() + i] ==
            doctest::Approx(problem.weight[i] > 0 ? std::sqrt(p) / sum : 0).epsilon(1e-5));
    }
  }
}

// Two halves, of each of which a tenth of the pixels looks like the other.
struct Speckled {
  Speckled() : log_p(2 * grid.size()), guide(grid.size()), ones(grid.size(), 1.0f) {
    RandomStream random(2, 1);
    for (std::int64_t i = 0; i < grid.size(); ++i) {
      const bool right = i % grid.width >= 25;
      const bool looks_right = right != (random.Uniform() < 0.1);
      log_p[i] = std::log(looks_right ? 0.1f : 0.9f);
      log_p[grid.size() + i] = std::log(looks_right ? 0.9f : 0.1f);
      guide[i] = (right ? 0.7f : 0.3f) + 0.1f * static_cast<float>(random.Normal());
    }
  }
  Grid grid{50, 40};
  std::vector<float> log_p, guide, ones;
};

TEST_CASE("mean field: speckle goes, and the edge between two classes stays where it is") {
  Speckled image;
  const std::vector<GuidePlane> guide = {GuidePlane{image.guide.data()}};
  const PairWeights weights = WeightsByMean(image.grid, guide, image.ones.data());
  MeanField(image.grid, weights, image.ones.data(), {.beta = 2, .max_sweeps = 30, .tolerance = 0},
            {image.log_p.data(), image.grid.size(), 2});
  std::int64_t wrong = 0;
  for (std::int64_t i = 0; i < image.grid.size(); ++i)
    wrong += (image.log_p[i] < 0.5f) != (i % image.grid.width >= 25);
  CHECK(wrong <= 10);  // of 200 before
}

TEST_CASE("mean field: pixels without data part the others, and the same bits on any threads") {
  const SmoothProblem problem({301, 57}, 3, 0.1, 11);
  const PairWeights weights = WeightsByMean(problem.grid, problem.Guide(), problem.weight.data());
  std::vector<std::vector<float>> results;
  std::vector<std::vector<double>> energies;
  for (const int threads : {1, 2}) {
    const ThreadLimit limit(threads);
    results.push_back(problem.LogPosteriors(0.2f));
    energies.push_back(MeanField(problem.grid, weights, problem.weight.data(),
                                 {.beta = 1.5, .tolerance = 0}, problem.Planes(results.back())));
  }
  CHECK(results[0] == results[1]);
  CHECK(energies[0] == energies[1]);
  for (std::int64_t i = 0; i < problem.grid.size(); ++i)
    for (int k = 0; k < 3; ++k)
      if (problem.weight[i] == 0) CHECK(results[0][k * problem.grid.size() + i] == 0);

  // Of a row whose middle has no data, the right half changes nothing in the left.
  std::vector<float> alone = {0, -3, 0, 0, -1, -2, -1, 0, 0, -1}, other = alone;
  other[4] = other[9] = -9;
  const std::vector<float> weight = {1, 1, 0, 1, 1}, guide(5);
  const std::vector<GuidePlane> guides = {GuidePlane{guide.data()}};
  const PairWeights of_row = WeightsByMean({5, 1}, guides, weight.data());
  for (std::vector<float>* values : {&alone, &other})
    MeanField({5, 1}, of_row, weight.data(), {.beta = 2}, {values->data(), 5, 2});
  CHECK(alone[0] == other[0]);
  CHECK(alone[1] == other[1]);
}

TEST_CASE("mean field: a part smooths what lies twice its sweeps within it to the whole's bits") {
  constexpr int kSweeps = 3;
  constexpr double kContrast = 0.02;
  const auto smoothed = [](const SmoothProblem& problem) {
    std::vector<float> q = problem.LogPosteriors(0.3f);
    const PairWeights weights = ContrastWeights(
        MeasureSteps(problem.grid, problem.Guide(), problem.weight.data()), kContrast);
    MeanField(problem.grid, weights, problem.weight.data(),
              {.beta = 1.5, .max_sweeps = kSweeps, .tolerance = 0}, problem.Planes(q));
    return q;
  };
  const SmoothProblem whole({61, 47}, 4, 0.1, 9);
  CheckParts(whole, smoothed, 2 * kSweeps);
}

TEST_CASE("beta estimated: that of the Potts field the labels were drawn from, 0 for none") {
  const Grid grid{120, 120};
  const SquaredSteps flat{{std::vector<float>(grid.size()), std::vector<float>(grid.size()), {}}};
  for (const double beta : {0.0, 0.4, 0.8}) {
    RandomStream random(4, 1);
    std::vector<std::uint16_t> labels(grid.size());
    for (std::uint16_t& label : labels)
      label = static_cast<std::uint16_t>(1 + 3 * random.Uniform());
    for (int sweep = 0; sweep < 60; ++sweep)  // Gibbs
      for (std::int64_t i = 0; i < grid.size(); ++i) {
        double factor[3] = {1, 1, 1}, sum = 0;
        VisitNeighbours(grid, i, [&](std::int64_t j) { factor[labels[j] - 1] *= std::exp(beta); });
        for (const double f : factor) sum += f;
        double at = sum * random.Uniform();
        int k = 0;
        while (k < 2 && at >= factor[k]) at -= factor[k++];
        labels[i] = static_cast<std::uint16_t>(k + 1);
      }
    CHECK(EstimateBeta(SamplePairs(grid, flat, labels), 0, 3) ==
          doctest::Approx(beta).epsilon(0.1));
  }
  CHECK(EstimateBeta(SamplePairs({1, 1}, {}, std::vector<std::uint16_t>{1}), 0, 2) == 0);
  const std::vector<std::uint16_t> one_class(grid.size(), 1);
  CHECK(EstimateBeta(SamplePairs(grid, flat, one_class), 0, 2) ==
        doctest::Approx(kMostBeta).epsilon(1e-3));
}

}  // namespace
}  // namespace gmmseg
