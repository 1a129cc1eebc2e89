#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/samples.h>
#include <gmmseg/threads.h>

#include <cmath>
#include <limits>
#include <random>

namespace gmmseg {
namespace {

Eigen::MatrixXd RandomRows(int n, double mean, double deviation) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal(mean, deviation);
  return Eigen::MatrixXd::NullaryExpr(n, 2, [&](auto, auto) { return normal(random); });
}

}  // namespace

TEST_CASE("samples: standardised planes have mean near 0 and deviation in [1, 2)") {
  const Samples samples = Samples::FromRows(RandomRows(10001, 30000, 77));
  for (int d = 0; d < 2; ++d) {
    Eigen::Map<const Eigen::ArrayXf> plane(samples.Plane(d), samples.size());
    const double mean = plane.cast<double>().mean();
    const double deviation = std::sqrt((plane.cast<double>() - mean).square().mean());
    CHECK(std::abs(mean) <= 0.5);
    CHECK(deviation >= 1);
    CHECK(deviation < 2);
  }
}

TEST_CASE("samples: integers survive standardisation exactly") {
  Eigen::MatrixXd rows(5, 1);
  rows << 0, 65535, 1234, 40000, 39999;
  const Samples samples = Samples::FromRows(rows);
  for (int i = 0; i < 5; ++i) CHECK(samples.Value(i)[0] == rows(i, 0));
}

TEST_CASE("samples: a large common offset does not cost precision") {
  const Eigen::MatrixXd small = RandomRows(100, 0, 1);
  const Samples samples = Samples::FromRows((small.array() + 1e9).matrix());
  for (int i = 0; i < 100; ++i)
    CHECK(samples.Value(i)[0] - 1e9 == doctest::Approx(small(i, 0)).epsilon(1e-5));
}

TEST_CASE("samples: rows with NaN or infinity weigh nothing and stay finite") {
  Eigen::MatrixXd rows = RandomRows(20, 5, 1);
  rows(3, 0) = std::nan("");
  rows(7, 1) = std::numeric_limits<double>::infinity();
  const Samples samples = Samples::FromRows(rows);
  for (std::int64_t i = 0; i < samples.stride(); ++i) {
    CHECK(samples.weights()[i] == (i == 3 || i == 7 || i >= 20 ? 0.0f : 1.0f));
    CHECK(std::isfinite(samples.Plane(0)[i]));
    CHECK(std::isfinite(samples.Plane(1)[i]));
  }
}

TEST_CASE("samples: bad weights are refused with the sample and the value") {
  Eigen::VectorXd weights = Eigen::VectorXd::Ones(4);
  weights[2] = -1;
  CHECK_THROWS_WITH_AS(Samples::FromRows(RandomRows(4, 0, 1), weights),
                       "weight of sample 2 = -1.000000; must be finite and >= 0", ParameterError);
}

TEST_CASE("threads: at least one, and a limit of zero is refused") {
  CHECK(AvailableThreads() >= 1);
  CHECK_THROWS_AS(ThreadLimit(0), ParameterError);
}

}  // namespace gmmseg
