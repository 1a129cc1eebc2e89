#include "spatial/guided_filter.h"

#include <doctest/doctest.h>
#include <gmmseg/threads.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <string>

#include "test_problems.h"

namespace gmmseg {
namespace {

// The filter by its definition, window by window, in double.
std::vector<double> ByDefinition(const SmoothProblem& problem, int num_guides, int radius,
                                 double epsilon) {
  const Grid& grid = problem.grid;
  const auto window = [&](std::int64_t center) {
    std::vector<std::int64_t> inside;
    const auto place = [&](std::int64_t i, int a) {
      return i / grid.axes()[a].stride % grid.axes()[a].extent;
    };
    for (std::int64_t i = 0; i < grid.size(); ++i) {
      bool near = problem.weight[i] > 0;
      for (int a = 0; a < 3; ++a) near &= std::abs(place(i, a) - place(center, a)) <= radius;
      if (near) inside.push_back(i);
    }
    return inside;
  };
  const auto guide_at = [&](std::int64_t i) {
    Eigen::VectorXd g(num_guides);
    for (int c = 0; c < num_guides; ++c) g[c] = problem.guide[c][i];
    return g;
  };
  std::vector<double> result(problem.posteriors.size()), counts(grid.size());
  for (std::int64_t j = 0; j < grid.size(); ++j) {
    if (problem.weight[j] == 0) continue;
    const std::vector<std::int64_t> inside = window(j);
    Eigen::VectorXd mean = Eigen::VectorXd::Zero(num_guides);
    Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(num_guides, num_guides);
    for (const std::int64_t i : inside) mean += guide_at(i) / static_cast<double>(inside.size());
    for (const std::int64_t i : inside)
      covariance += (guide_at(i) - mean) * (guide_at(i) - mean).transpose() /
                    static_cast<double>(inside.size());
    covariance += epsilon * Eigen::MatrixXd::Identity(num_guides, num_guides);
    for (const std::int64_t i : inside) ++counts[i];
    for (int k = 0; k < problem.num_classes; ++k) {
      const float* const p = problem.posteriors.data() + k * grid.size();
      double mean_p = 0;
      Eigen::VectorXd cross = Eigen::VectorXd::Zero(num_guides);
      for (const std::int64_t i : inside) mean_p += p[i] / static_cast<double>(inside.size());
      for (const std::int64_t i : inside)
        cross += (guide_at(i) - mean) * (p[i] - mean_p) / static_cast<double>(inside.size());
      const Eigen::VectorXd a = covariance.ldlt().solve(cross);
      for (const std::int64_t i : inside)
        result[k * grid.size() + i] += mean_p + a.dot(guide_at(i) - mean);
    }
  }
  for (std::int64_t i = 0; i < grid.size(); ++i) {
    double sum = 0;
    for (int k = 0; k < problem.num_classes; ++k)
      sum += result[k * grid.size() + i] = std::max(result[k * grid.size() + i], 0.0);
    for (int k = 0; k < problem.num_classes; ++k)
      if (sum > 0) result[k * grid.size() + i] /= sum;
  }
  return result;
}

std::vector<float> Filtered(const SmoothProblem& problem, int num_guides,
                            const GuidedFilterRules& rules) {
  const std::int64_t size = problem.grid.size();
  const auto source = [&](std::int64_t first, std::int64_t count, const auto& visit) {
    constexpr std::int64_t kRun = 50;  // so that runs and rows do not end together
    for (std::int64_t i = first; i < first + count; i += kRun)
      visit({i, std::min(kRun, first + count - i), problem.posteriors.data() + i, size});
  };
  const auto fitted = FitToGuide(problem.grid, problem.Guide(num_guides), problem.weight.data(),
                                 rules, problem.num_classes, source);
  std::vector<float> values(problem.posteriors.size());
  fitted->Evaluate(0, size, values.data(), size);
  for (std::int64_t i = 0; i < size; i += 7) {  // wherever it begins
    const std::int64_t count = std::min<std::int64_t>(11, size - i);
    std::vector<float> some(count * problem.num_classes);
    fitted->Evaluate(i, count, some.data(), count);
    for (int k = 0; k < problem.num_classes; ++k)
      CHECK(std::equal(some.begin() + k * count, some.begin() + (k + 1) * count,
                       values.begin() + k * size + i));
  }
  return values;
}

TEST_CASE("guided filter: the definition, with gaps, in pictures and volumes, by any guides") {
  for (const Grid& grid : {Grid{23, 17}, Grid{30, 1}, Grid{1, 12}, Grid{9, 7, 6}})
    for (const double without_data : {0.0, 0.3})
      for (const int num_guides : {1, 2, 3}) {
        const SmoothProblem problem(grid, 3, without_data, 21);
        const std::vector<double> expected = ByDefinition(problem, num_guides, 3, 1e-2);
        const std::vector<float> filtered =
            Filtered(problem, num_guides, {.radius = 3, .epsilon = 1e-2, .subsampling = 1});
        double worst = 0;
        for (std::size_t i = 0; i < expected.size(); ++i)
          worst = std::max(worst, std::abs(expected[i] - filtered[i]));
        CHECK(worst < 2e-4);
      }
}

TEST_CASE("guided filter: subsampled, it is near the definition where the guide is smooth") {
  for (const Grid& grid : {Grid{45, 38}, Grid{3, 50}, Grid{46, 5}, Grid{1, 1}, Grid{2, 3}}) {
    SmoothProblem problem(grid, 3, 0, 5);
    for (int c = 0; c < 3; ++c)
      for (std::int64_t i = 0; i < grid.size(); ++i)
        problem.guide[c][i] =
            static_cast<float>(0.5 + 0.3 * std::sin(0.1 * static_cast<double>(i % grid.width) + c));
    const std::vector<double> expected = ByDefinition(problem, 3, 8, 1e-2);
    for (const int subsampling : {2, 4}) {
      const std::vector<float> filtered =
          Filtered(problem, 3, {.radius = 8, .epsilon = 1e-2, .subsampling = subsampling});
      double sum = 0, worst = 0;
      for (std::size_t i = 0; i < expected.size(); ++i) {
        sum += std::abs(expected[i] - filtered[i]);
        worst = std::max(worst, std::abs(expected[i] - filtered[i]));
      }
      CHECK(sum / static_cast<double>(expected.size()) < 0.02);
      CHECK(worst < 0.15);
    }
  }
}

TEST_CASE("guided filter: sums are 1, gaps 0, and the same bits on any threads") {
  const SmoothProblem problem({203, 61}, 4, 0.2, 8);
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 2}) {
    const ThreadLimit limit(threads);
    results.push_back(Filtered(problem, 3, {}));
  }
  CHECK(results[0] == results[1]);
  for (std::int64_t i = 0; i < problem.grid.size(); ++i) {
    double sum = 0;
    for (int k = 0; k < 4; ++k) {
      const float p = results[0][k * problem.grid.size() + i];
      CHECK(p >= 0);
      sum += p;
    }
    CHECK(sum == doctest::Approx(problem.weight[i]).epsilon(1e-5));
  }
}

TEST_CASE("guided filter: a part filters what lies deep enough within it to the whole's bits") {
  struct Reach {
    int subsampling;
    std::int64_t margin;  // twice the window, and interpolation, in multiples of 4
  };
  for (const auto& [subsampling, margin] : {Reach{1, 12}, Reach{2, 12}, Reach{4, 16}}) {
    const GuidedFilterRules rules{.radius = 5, .subsampling = subsampling};
    CheckParts(
        SmoothProblem({83, 71}, 3, 0.1, 13),
        [&](const SmoothProblem& problem) { return Filtered(problem, 3, rules); }, margin);
  }
}

TEST_CASE("guided filter: what is constant stays, and an edge of the guide is kept") {
  SmoothProblem problem({40, 40}, 2, 0, 1);
  for (std::int64_t i = 0; i < problem.grid.size(); ++i) {
    problem.posteriors[i] = 0.25f;
    problem.posteriors[problem.grid.size() + i] = 0.75f;
  }
  for (const int subsampling : {1, 2, 4})
    for (const float p : Filtered(problem, 3, {.subsampling = subsampling}))
      CHECK((std::abs(p - 0.25f) < 1e-3 || std::abs(p - 0.75f) < 1e-3));
  // A step of the guide at x = 20; the classes follow it, but for a tenth of the pixels.
  RandomStream random(3, 1);
  for (std::int64_t i = 0; i < problem.grid.size(); ++i) {
    const bool right = i % 40 >= 20, looks_right = right != (random.Uniform() < 0.1);
    problem.posteriors[i] = looks_right ? 0 : 1;
    problem.posteriors[problem.grid.size() + i] = looks_right ? 1 : 0;
    problem.guide[0][i] = right ? 0.8f : 0.2f;
  }
  for (const int subsampling : {1, 2, 4}) {
    const std::vector<float> filtered = Filtered(problem, 1, {.subsampling = subsampling});
    std::int64_t wrong = 0;
    for (std::int64_t i = 0; i < problem.grid.size(); ++i)
      wrong += (filtered[i] < 0.5f) != (i % 40 >= 20);
    CHECK(wrong == 0);
  }
}

}  // namespace
}  // namespace gmmseg
