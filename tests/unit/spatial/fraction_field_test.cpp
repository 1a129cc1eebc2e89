#include "spatial/fraction_field.h"

#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/threads.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace gmmseg {
namespace {

// Pure states of three tissues, and mixes of neighbouring ones.
std::vector<FractionState> States() {
  return {{{1, 0, 0}, std::log(0.2f)},
          {{0, 1, 0}, std::log(0.3f)},
          {{0, 0, 1}, std::log(0.3f)},
          {{0.5f, 0.5f, 0}, std::log(0.1f)},
          {{0, 0.25f, 0.75f}, std::log(0.1f)}};
}

// A field whose voxels' log-densities are drawn, some of its voxels left out.
struct Problem {
  Problem(const Grid& g, double left_out, unsigned seed) : grid(g), states(States()) {
    std::mt19937_64 random(seed);
    std::normal_distribution<float> normal(0, 1.5f);
    std::uniform_real_distribution<double> uniform;
    for (std::int64_t i = 0; i < grid.size(); ++i) inside.push_back(uniform(random) >= left_out);
    for (std::int64_t i = 0; i < grid.size() * std::ssize(states); ++i)
      log_p.push_back(normal(random));
  }

  float LogP(std::int64_t voxel, std::size_t l) const {
    return log_p[voxel * std::ssize(states) + static_cast<std::int64_t>(l)];
  }

  FractionField Field() const {
    return {grid, inside, states,
            [this](std::span<const std::int64_t> voxels, float* values, std::int64_t stride) {
              for (std::size_t l = 0; l < states.size(); ++l)
                for (std::size_t j = 0; j < voxels.size(); ++j)
                  values[static_cast<std::int64_t>(l) * stride + static_cast<std::int64_t>(j)] =
                      LogP(voxels[j], l);
            }};
  }

  // visit(place in the neighbours, neighbour) of those inside, whichever voxel comes first.
  template <typename Visitor>
  void VisitNeighbours(const std::vector<NeighbourWeight>& neighbours, std::int64_t voxel,
                       const Visitor& visit) const {
    const std::int64_t x = voxel % grid.width, y = voxel / grid.width % grid.height,
                       z = voxel / grid.width / grid.height;
    for (const NeighbourWeight& n : neighbours) {
      const std::int64_t u = x + n.dx, v = y + n.dy, t = z + n.dz;
      if (u < 0 || u >= grid.width || v < 0 || v >= grid.height || t < 0 || t >= grid.depth)
        continue;
      const std::int64_t other = (t * grid.height + v) * grid.width + u;
      if (inside[other]) visit(n, other);
    }
  }

  Grid grid;
  std::vector<FractionState> states;
  std::vector<std::uint8_t> inside;
  std::vector<float> log_p;
};

// The sweeps as the header has them, one voxel after another, in double.
struct Plain {
  Plain(const Problem& p, const FractionRules& r)
      : problem(p), rules(r), q(p.grid.size(), std::vector<double>(p.states.size())) {
    for (std::int64_t i = 0; i < problem.grid.size(); ++i) Move(i, 0);
  }

  std::vector<double> Expected(std::int64_t voxel) const {
    std::vector<double> f(3);
    for (std::size_t l = 0; l < q[voxel].size(); ++l)
      for (int k = 0; k < 3; ++k) f[k] += q[voxel][l] * problem.states[l].fractions[k];
    return f;
  }

  void Move(std::int64_t i, double strength) {
    if (!problem.inside[i]) return;
    std::vector<double> log_q(q[i].size());
    for (std::size_t l = 0; l < log_q.size(); ++l) log_q[l] = problem.LogP(i, l);
    problem.VisitNeighbours(rules.neighbours, i, [&](const NeighbourWeight& n, std::int64_t j) {
      const std::vector<double> there = Expected(j);
      for (std::size_t l = 0; l < log_q.size(); ++l)
        for (int k = 0; k < 3; ++k) {
          const double f = problem.states[l].fractions[k];
          log_q[l] -= strength * n.weight * (f * f - 2 * f * there[k]);
        }
    });
    double total = 0;
    for (const double value : log_q) total += std::exp(value);
    for (std::size_t l = 0; l < log_q.size(); ++l) q[i][l] = std::exp(log_q[l]) / total;
  }

  // Colour by colour, as no two neighbours may move at once.
  void Sweep() {
    const bool six = rules.neighbours.size() <= 6;
    for (int colour = 0; colour < (six ? 2 : 8); ++colour)
      for (std::int64_t i = 0; i < problem.grid.size(); ++i) {
        const std::int64_t x = i % problem.grid.width,
                           y = i / problem.grid.width % problem.grid.height,
                           z = i / problem.grid.width / problem.grid.height;
        if ((six ? (x + y + z) % 2 : x % 2 + y % 2 * 2 + z % 2 * 4) == colour)
          Move(i, rules.strength);
      }
  }

  // E(q) by the formula, each pair once, per voxel inside.
  double Energy() const {
    double energy = 0, count = 0;
    for (std::int64_t i = 0; i < problem.grid.size(); ++i) {
      if (!problem.inside[i]) continue;
      ++count;
      for (std::size_t l = 0; l < q[i].size(); ++l)
        energy += q[i][l] * (std::log(q[i][l]) - problem.LogP(i, l));
      problem.VisitNeighbours(rules.neighbours, i, [&](const NeighbourWeight& n, std::int64_t j) {
        if (j < i) return;
        for (std::size_t l = 0; l < q[i].size(); ++l)
          for (std::size_t m = 0; m < q[j].size(); ++m)
            for (int k = 0; k < 3; ++k)
              energy +=
                  rules.strength * n.weight * q[i][l] * q[j][m] *
                  std::pow(problem.states[l].fractions[k] - problem.states[m].fractions[k], 2);
      });
    }
    return energy / count;
  }

  const Problem& problem;
  const FractionRules& rules;
  std::vector<std::vector<double>> q;
};

TEST_CASE("neighbours: by one over the squared distance, 6 in sum, both ways") {
  const auto sum = [](const std::vector<NeighbourWeight>& neighbours) {
    double total = 0;
    for (const NeighbourWeight& n : neighbours) total += n.weight;
    return total;
  };
  for (const Grid& grid : {Grid{4, 4, 4}, Grid{4, 4, 1}, Grid{1, 4, 1}, Grid{1, 4, 3}})
    for (const Neighbourhood which : {Neighbourhood::k6, Neighbourhood::k26}) {
      const auto neighbours = NeighboursOf(grid, {1, 1, 3}, which);
      CHECK(sum(neighbours) == doctest::Approx(6).epsilon(1e-6));
      for (const NeighbourWeight& n : neighbours)
        CHECK(std::ranges::count_if(neighbours, [&](const NeighbourWeight& m) {
                return m.dx == -n.dx && m.dy == -n.dy && m.dz == -n.dz && m.weight == n.weight;
              }) == 1);
    }
  CHECK(NeighboursOf({4, 4, 4}, {1, 1, 1}, Neighbourhood::k26).size() == 26);
  CHECK(NeighboursOf({4, 4, 1}, {1, 1, 1}, Neighbourhood::k26).size() == 8);
  CHECK(NeighboursOf({1, 1, 1}, {1, 1, 1}, Neighbourhood::k26).empty());
  for (const NeighbourWeight& n : NeighboursOf({4, 4, 4}, {1, 1, 1}, Neighbourhood::k6))
    CHECK(n.weight == doctest::Approx(1));
  // 1, 1 and 1/9 on either side.
  for (const NeighbourWeight& n : NeighboursOf({4, 4, 4}, {1, 1, 3}, Neighbourhood::k6))
    CHECK(n.weight == doctest::Approx((n.dz == 0 ? 1 : 1.0 / 9) * 6 / (4 + 2.0 / 9)));
}

TEST_CASE("fraction field: sweeps, energies and fractions are those of the definition") {
  for (const Grid& grid : {Grid{3, 3, 2}, Grid{5, 1, 3}, Grid{4, 3, 1}, Grid{1, 1, 1}})
    for (const double left_out : {0.0, 0.3})
      for (const Neighbourhood which : {Neighbourhood::k6, Neighbourhood::k26})
        for (const std::array<double, 3>& spacing : {std::array<double, 3>{1, 1, 1}, {0.9, 1, 3}})
          for (const double strength : {0.2, 1.5}) {
            Problem problem(grid, left_out, 11);
            problem.inside.front() = 1;
            const FractionRules rules{.neighbours = NeighboursOf(grid, spacing, which),
                                      .strength = strength,
                                      .max_sweeps = 1,
                                      .tolerance = 0};
            FractionField field = problem.Field();
            field.Start();
            Plain plain(problem, rules);
            double before = plain.Energy();
            for (int sweep = 0; sweep < 6; ++sweep) {
              const std::vector<double> told = field.Sweep(rules);
              REQUIRE(told.size() == 1);
              plain.Sweep();
              const double energy = plain.Energy();
              CHECK(told[0] == doctest::Approx(energy).epsilon(1e-5));
              CHECK(energy <= before + 1e-12);
              before = energy;
              for (std::int64_t i = 0; i < grid.size(); ++i)
                for (int k = 0; k < 3; ++k)
                  CHECK(std::abs(field.Fractions(k)[i] -
                                 (problem.inside[i] ? plain.Expected(i)[k] : 0)) < 1e-5);
            }
          }
}

TEST_CASE("fraction field: no sweep raises the energy, voxels in rows longer than a run") {
  for (const Neighbourhood which : {Neighbourhood::k6, Neighbourhood::k26})
    for (const double strength : {0.1, 0.7, 5.0}) {
      const Problem problem({700, 9, 4}, 0.2, 3);
      FractionField field = problem.Field();
      field.Start();
      const std::vector<double> energies =
          field.Sweep({.neighbours = NeighboursOf(problem.grid, {1, 1, 2}, which),
                       .strength = strength,
                       .max_sweeps = 20,
                       .tolerance = 0});
      REQUIRE(energies.size() == 20);
      for (std::size_t i = 1; i < energies.size(); ++i)
        CHECK(energies[i] <= energies[i - 1] + 1e-7);
      for (std::int64_t i = 0; i < problem.grid.size(); ++i) {
        float sum = 0;
        for (int k = 0; k < 3; ++k) sum += field.Fractions(k)[i];
        CHECK(sum == doctest::Approx(problem.inside[i] ? 1 : 0).epsilon(1e-5));
      }
    }
}

TEST_CASE("fraction field: it stops where sweeps gain little, and refuses rules out of range") {
  const Problem problem({20, 15, 6}, 0, 4);
  FractionField field = problem.Field();
  field.Start();
  FractionRules rules{.neighbours = NeighboursOf(problem.grid, {1, 1, 1}, Neighbourhood::k6),
                      .max_sweeps = 100};
  const std::vector<double> energies = field.Sweep(rules);
  CHECK(energies.size() < 30);
  CHECK(energies[energies.size() - 2] - energies.back() < rules.tolerance);
  rules.max_sweeps = 0;
  const std::vector<float> before = field.Fractions(0);
  CHECK(field.Sweep(rules).empty());
  CHECK(field.Fractions(0) == before);
  for (const double strength : {-0.1, std::numeric_limits<double>::infinity(), std::nan("")}) {
    rules.strength = strength;
    CHECK_THROWS_AS(field.Sweep(rules), ParameterError);
  }
  CHECK_THROWS_AS(
      FractionField(problem.grid, problem.inside, {{std::vector<float>(17, 1.0f / 17), 0}}, {}),
      ParameterError);
}

TEST_CASE("fraction field: nothing inside is nothing") {
  Problem problem({4, 3, 2}, 0, 4);
  problem.inside.assign(problem.grid.size(), 0);
  FractionField field = problem.Field();
  field.Start();
  const FractionRules rules{.neighbours = NeighboursOf(problem.grid, {1, 1, 1}, Neighbourhood::k6),
                            .max_sweeps = 2};
  CHECK(field.Sweep(rules) == std::vector<double>(2));
  CHECK(field.EstimateStrength(rules) == 0);
}

TEST_CASE("fraction field: the same bits for any number of threads") {
  const Problem problem({150, 20, 9}, 0.2, 5);
  for (const Neighbourhood which : {Neighbourhood::k6, Neighbourhood::k26}) {
    const FractionRules rules{.neighbours = NeighboursOf(problem.grid, {1, 1, 1}, which)};
    const auto swept = [&](int threads) {
      const ThreadLimit limit(threads);
      FractionField field = problem.Field();
      field.Start();
      std::vector<double> numbers = field.Sweep(rules);
      numbers.push_back(field.EstimateStrength(rules));
      for (int k = 0; k < 3; ++k)
        numbers.insert(numbers.end(), field.Fractions(k).begin(), field.Fractions(k).end());
      return numbers;
    };
    CHECK(swept(1) == swept(2));
  }
}

// Labels of two pure tissues drawn by Gibbs sampling under a strength: every unlike pair of
// neighbours costs 2 · strength.
std::vector<int> GibbsLabels(const Grid& grid, double strength, unsigned seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform;
  std::vector<int> labels(grid.size());
  for (int& label : labels) label = uniform(random) < 0.5;
  for (int sweep = 0; sweep < 200; ++sweep)
    for (std::int64_t i = 0; i < grid.size(); ++i) {
      double ones = 0, zeros = 0;
      VisitNeighbours(grid, i, [&](std::int64_t j) { (labels[j] ? ones : zeros) += 1; });
      labels[i] = uniform(random) < 1 / (1 + std::exp(2 * strength * (zeros - ones)));
    }
  return labels;
}

// As estimated where each voxel is sure of its label.
double EstimateOf(const Grid& grid, const std::vector<int>& labels) {
  const std::vector<std::uint8_t> inside(grid.size(), 1);
  FractionField field(
      grid, inside, {{{1, 0}, std::log(0.5f)}, {{0, 1}, std::log(0.5f)}},
      [&](std::span<const std::int64_t> voxels, float* values, std::int64_t stride) {
        for (std::size_t j = 0; j < voxels.size(); ++j)
          for (int l = 0; l < 2; ++l)
            values[l * stride + static_cast<std::int64_t>(j)] = labels[voxels[j]] == l ? 0 : -80.0f;
      });
  field.Start();
  return field.EstimateStrength({.neighbours = NeighboursOf(grid, {1, 1, 1}, Neighbourhood::k6)});
}

TEST_CASE("fraction field: estimates the strength under which labels were drawn") {
  const Grid grid{30, 30, 30};
  // Ising's critical point in three dimensions is 0.2217 of strength here.
  for (const double strength : {0.05, 0.1, 0.15, 0.2})
    CHECK(std::abs(EstimateOf(grid, GibbsLabels(grid, strength, 1)) - strength) < 0.01);
  CHECK(EstimateOf(grid, GibbsLabels(grid, 0, 2)) < 0.01);
  // Half of all draws of independent labels are a little less alike than chance: 0 exactly.
  int zeros = 0;
  for (unsigned seed = 3; seed < 11; ++seed)
    zeros += EstimateOf({12, 12, 12}, GibbsLabels({12, 12, 12}, 0, seed)) == 0;
  CHECK(zeros > 0);
  // All alike: so strong that a float tells no more.
  CHECK(EstimateOf({12, 12, 12}, std::vector<int>(12 * 12 * 12)) > 2);
}

}  // namespace
}  // namespace gmmseg
