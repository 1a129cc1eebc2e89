#include "base/assignment.h"

#include <doctest/doctest.h>
#include <gmmseg/errors.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <numeric>
#include <set>

#include "base/random.h"

namespace gmmseg {
namespace {

Eigen::MatrixXd RandomCosts(int rows, int columns, std::uint64_t seed, double num_values) {
  RandomStream random(seed, 0);
  return Eigen::MatrixXd::NullaryExpr(
      rows, columns, [&](auto, auto) { return std::floor(num_values * (random.Uniform() - 0.3)); });
}

double SumOf(const Eigen::MatrixXd& costs, const std::vector<int>& columns) {
  double sum = 0;
  for (int r = 0; r < costs.rows(); ++r)
    if (columns[r] >= 0) sum += costs(r, columns[r]);
  return sum;
}

// Tries every one; rows are the fewer.
double LeastSum(const Eigen::MatrixXd& costs) {
  std::vector<int> columns(costs.cols());
  std::iota(columns.begin(), columns.end(), 0);
  double least = std::numeric_limits<double>::infinity();
  do least = std::min(least, SumOf(costs, columns));
  while (std::ranges::next_permutation(columns).found);
  return least;
}

void CheckOptimal(const Eigen::MatrixXd& costs) {
  const std::vector<int> columns = CheapestAssignment(costs);
  REQUIRE(std::ssize(columns) == costs.rows());
  std::multiset<int> given(columns.begin(), columns.end());
  given.erase(-1);
  CHECK(std::ssize(given) == std::min(costs.rows(), costs.cols()));
  CHECK(std::set<int>(given.begin(), given.end()).size() == given.size());
  const Eigen::MatrixXd wide =
      costs.rows() > costs.cols() ? Eigen::MatrixXd(costs.transpose()) : costs;
  CHECK(SumOf(costs, columns) == LeastSum(wide));
}

}  // namespace

TEST_CASE("assignment: the least sum by trying every permutation, of any shape, with ties") {
  for (int rows = 1; rows <= 6; ++rows)
    for (int columns = 1; columns <= 6; ++columns)
      for (const double num_values : {2.0, 5.0, 1e6}) {
        CAPTURE(rows);
        CAPTURE(columns);
        CAPTURE(num_values);
        for (std::uint64_t seed = 0; seed < 5; ++seed)
          CheckOptimal(RandomCosts(rows, columns, seed, num_values));
      }
}

TEST_CASE("assignment: a shuffled diagonal of zeros is found") {
  Eigen::MatrixXd costs = Eigen::MatrixXd::Ones(300, 300);
  std::vector<int> expected(300);
  for (int r = 0; r < 300; ++r) costs(r, expected[r] = (7 * r + 5) % 300) = 0;
  CHECK(CheapestAssignment(costs) == expected);
}

TEST_CASE("assignment: hundreds take a moment") {
  const Eigen::MatrixXd costs = RandomCosts(500, 600, 1, 1e6);
  const auto start = std::chrono::steady_clock::now();
  CheapestAssignment(costs);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
}

TEST_CASE("assignment: nobody, and costs out of range") {
  CHECK(CheapestAssignment(Eigen::MatrixXd(0, 3)).empty());
  CHECK(CheapestAssignment(Eigen::MatrixXd(2, 0)) == std::vector<int>{-1, -1});
  CHECK_THROWS_AS(
      CheapestAssignment(Eigen::MatrixXd::Constant(1, 1, std::numeric_limits<double>::quiet_NaN())),
      InternalError);
}

}  // namespace gmmseg
