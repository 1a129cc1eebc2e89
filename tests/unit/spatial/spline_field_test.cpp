#include "spatial/spline_field.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <vector>

namespace gmmseg {
namespace {

using Function = std::function<double(double x, double y, double z)>;  // of mm

// A grid, its spacing, and a field of splines on it.
struct Fitted {
  Fitted(const Grid& g, const std::array<double, 3>& mm, double resolution)
      : grid(g), spacing(mm), field(g, mm, resolution) {}

  // Blocks' sums of voxels that have seen f, each counting as much as `counts` says.
  BlockSums Seen(const Function& f, const Function& counts) const {
    BlockSums sums(field.blocks().size());
    for (std::int64_t z = 0; z < grid.depth; ++z)
      for (std::int64_t y = 0; y < grid.height; ++y)
        for (std::int64_t x = 0; x < grid.width; ++x) {
          const std::int64_t block = field.BlockOf(x, y, z);
          REQUIRE(block >= 0);
          REQUIRE(block < field.blocks().size());
          const double weight = Call(counts, x, y, z);
          sums.count[block] += weight > 0 ? 1 : 0;
          sums.square[block] += weight;
          sums.product[block] += weight * Call(f, x, y, z);
        }
    return sums;
  }

  double Call(const Function& f, std::int64_t x, std::int64_t y, std::int64_t z) const {
    return f((static_cast<double>(x) + 0.5) * spacing[0],
             (static_cast<double>(y) + 0.5) * spacing[1],
             (static_cast<double>(z) + 0.5) * spacing[2]);
  }

  std::vector<float> Values() const {
    std::vector<float> values(grid.size());
    for (std::int64_t row = 0; row < grid.num_rows(); ++row)
      field.EvaluateRow(row, 0, grid.width, values.data() + row * grid.width);
    return values;
  }

  // The largest difference from f at any voxel.
  double Off(const Function& f) const {
    const std::vector<float> values = Values();
    double off = 0;
    for (std::int64_t i = 0; i < grid.size(); ++i)
      off = std::max(off, std::abs(values[i] - Call(f, i % grid.width, i / grid.width % grid.height,
                                                    i / grid.width / grid.height)));
    return off;
  }

  // Of ½ square f² − product f + ½ precision ∫ |f''|² where blocks are single voxels.
  double Objective(const BlockSums& sums, double precision) const {
    const std::vector<float> values = Values();
    double objective = 0.5 * precision * field.Roughness();
    for (std::int64_t i = 0; i < grid.size(); ++i)
      objective +=
          0.5 * sums.square[i] * values[i] * double{values[i]} - sums.product[i] * values[i];
    return objective;
  }

  Grid grid;
  std::array<double, 3> spacing;
  SplineField field;
};

double One(double, double, double) { return 1; }

TEST_CASE("spline axis: splines are 1 in sum and reproduce straight lines") {
  for (const auto& [length, resolution, size] :
       {std::tuple{100.0, 30.0, 6}, {100.0, 100.0, 4}, {7.0, 50.0, 4}, {181.0, 50.0, 7}}) {
    const SplineAxis axis(length, resolution);
    CHECK(axis.size() == size);
    const double step = length / (size - 3);
    for (int i = 0; i <= 100; ++i) {
      const SplineAxis::Values values = axis.At(length * i / 100);
      REQUIRE(values.first >= 0);
      REQUIRE(values.first + SplineAxis::kSupport <= size);
      double sum = 0, line = 0;
      for (int a = 0; a < SplineAxis::kSupport; ++a) {
        CHECK(values.weights[a] >= -1e-15);
        sum += values.weights[a];
        line += values.weights[a] * (values.first + a - 1) * step;  // its middle
      }
      CHECK(sum == doctest::Approx(1).epsilon(1e-12));
      CHECK(line == doctest::Approx(length * i / 100).epsilon(1e-12));
    }
  }
}

TEST_CASE("spline axis: Gram matrices are integrals of products of derivatives") {
  const double length = 70, step = 10;
  const SplineAxis axis(length, step);
  constexpr int kPoints = 20000;
  const double width = length / kPoints, apart = 0.01;
  // Of every spline, by differences of its values; away from the ends, where these lack one side.
  const auto values = [&](double position) {
    Eigen::VectorXd all = Eigen::VectorXd::Zero(axis.size());
    const SplineAxis::Values some = axis.At(position);
    for (int a = 0; a < SplineAxis::kSupport; ++a) all[some.first + a] = some.weights[a];
    return all;
  };
  std::array<Eigen::MatrixXd, 3> sums;
  sums.fill(Eigen::MatrixXd::Zero(axis.size(), axis.size()));
  for (int i = 0; i < kPoints; ++i) {
    const double at = std::clamp((i + 0.5) * width, apart, length - apart);
    const Eigen::VectorXd here = values(at), before = values(at - apart),
                          after = values(at + apart);
    const Eigen::VectorXd first = (after - before) / (2 * apart),
                          second = (after - 2 * here + before) / (apart * apart);
    sums[0] += width * here * here.transpose();
    sums[1] += width * first * first.transpose();
    sums[2] += width * second * second.transpose();
  }
  for (int order = 0; order < 3; ++order) {
    const Eigen::MatrixXd gram = axis.Gram(order);
    CHECK((gram - sums[order]).cwiseAbs().maxCoeff() < 2e-3 * gram.cwiseAbs().maxCoeff());
    CHECK(gram.isApprox(gram.transpose()));
  }
}

TEST_CASE("spline field: 1 until it is fitted, and without any data") {
  Fitted fitted({9, 8, 7}, {1, 1, 1}, 10);
  CHECK(fitted.Off(One) < 1e-6);
  CHECK(std::abs(fitted.field.Roughness()) < 1e-9);
  fitted.field.Fit(BlockSums(fitted.field.blocks().size()), 1);
  CHECK(fitted.Off(One) < 1e-6);
}

TEST_CASE("spline field: blocks cover all voxels, each near its middle") {
  for (const std::array<double, 3>& spacing :
       {std::array<double, 3>{1, 1, 1}, {0.4, 1, 3}, {2, 12, 0.9}}) {
    const Fitted fitted({37, 22, 13}, spacing, 24);
    const Grid& blocks = fitted.field.blocks();
    const BlockSums sums = fitted.Seen(One, One);
    double total = 0;
    for (const double count : sums.count) {
      CHECK(count > 0);
      total += count;
    }
    CHECK(total == fitted.grid.size());
    CHECK(static_cast<double>(fitted.field.block_width()) * spacing[0] <=
          std::max(2.0, spacing[0]));
    CHECK(static_cast<double>(fitted.field.block_depth()) * spacing[2] <=
          std::max(2.0, spacing[2]));
    CHECK(fitted.field.BlockOf(36, 21, 12) == blocks.size() - 1);
  }
}

TEST_CASE("spline field: straight lines and squares come back, with the roughness that they have") {
  // Blocks of one voxel; a part of the grids has an axis of one voxel.
  for (const Grid& grid : {Grid{20, 16, 12}, Grid{24, 18, 1}, Grid{30, 1, 1}, Grid{1, 16, 20}})
    for (const std::array<double, 3>& spacing : {std::array<double, 3>{1, 1, 1}, {0.5, 1, 1.4}}) {
      const double w = static_cast<double>(grid.width) * spacing[0],
                   h = static_cast<double>(grid.height) * spacing[1],
                   d = static_cast<double>(grid.depth) * spacing[2];
      const double slope_x = grid.width > 1 ? 0.3 / w : 0, slope_y = grid.height > 1 ? -0.2 / h : 0,
                   slope_z = grid.depth > 1 ? 0.1 / d : 0;
      const Function line = [&](double x, double y, double z) {
        return 1 + slope_x * (x - w / 2) + slope_y * (y - h / 2) + slope_z * (z - d / 2);
      };
      Fitted fitted(grid, spacing, 6);
      fitted.field.Fit(fitted.Seen(line, One), 1e-2);
      CHECK(fitted.Off(line) < 1e-4);
      CHECK(fitted.field.Roughness() < 1e-7 * w * h * d);
    }
}

TEST_CASE("spline field: the roughness of a square has its closed form") {
  const Grid grid{20, 16, 12};
  const std::array<double, 3> spacing{0.5, 1, 1.25};
  const double w = 10, h = 16, d = 15, a = 0.004, c = 0.003, e = 0.002;
  // Its mean over the voxels is 1.
  const auto mean_square = [](double length, double n) {
    return length * length / 12 * (1 - 1 / (n * n));
  };
  const double offset = 1 - a * mean_square(w, 20) - c * mean_square(h, 16);
  const Function square = [&](double x, double y, double z) {
    const double u = x - w / 2, v = y - h / 2, t = z - d / 2;
    return offset + a * u * u + c * v * v + e * u * t;
  };
  Fitted fitted(grid, spacing, 5);
  fitted.field.Fit(fitted.Seen(square, One), 1e-7);
  CHECK(fitted.Off(square) < 2e-4);
  // Second derivatives 2a and 2c, and e twice over.
  CHECK(fitted.field.Roughness() ==
        doctest::Approx((4 * a * a + 4 * c * c + 2 * e * e) * w * h * d).epsilon(1e-3));
}

TEST_CASE("spline field: nothing else whose mean is 1 does better") {
  const Grid grid{10, 8, 6};
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  Fitted fitted(grid, {1, 1, 1}, 5), other = fitted;
  const Function uneven = [](double x, double y, double z) {
    return 1 + 0.2 * std::sin(0.5 * x) + 0.1 * std::cos(0.7 * y) * z / 6;
  };
  BlockSums sums = fitted.Seen(uneven, [](double x, double, double) { return x < 7 ? 3.0 : 0.0; });
  REQUIRE(fitted.field.blocks().size() == grid.size());
  for (std::int64_t i = 0; i < grid.size(); ++i)
    sums.product[i] += 0.2 * normal(random) * sums.count[i];
  for (const double precision : {0.01, 1.0, 100.0}) {
    fitted.field.Fit(sums, precision);
    const std::vector<float> values = fitted.Values();
    double mean = 0, count = 0;
    for (std::int64_t i = 0; i < grid.size(); ++i) {
      mean += sums.count[i] * double{values[i]};
      count += sums.count[i];
    }
    CHECK(mean / count == doctest::Approx(1).epsilon(1e-6));
    // Fits of other data and under other precisions are other functions whose mean is 1.
    const double least = fitted.Objective(sums, precision);
    for (int trial = 0; trial < 40; ++trial) {
      BlockSums noisy = sums;
      for (std::int64_t i = 0; i < grid.size(); ++i)
        noisy.product[i] += (trial % 2 == 0 ? 0.5 : 0.02) * normal(random) * noisy.count[i];
      other.field.Fit(noisy, trial % 3 == 0 ? 2 * precision : precision);
      CHECK(other.Objective(sums, precision) > least - 1e-5 * std::abs(least));
    }
  }
}

TEST_CASE("spline field: the more it costs the straighter it is") {
  Fitted fitted({30, 30, 10}, {1, 1, 2}, 8);
  const Function wave = [](double x, double y, double) {
    return 1 + 0.3 * std::sin(0.3 * x) * std::cos(0.2 * y);
  };
  const BlockSums sums = fitted.Seen(wave, One);
  double before = INFINITY;
  for (const double precision : {0.0, 1.0, 1e2, 1e4, 1e6, 1e12}) {
    fitted.field.Fit(sums, precision);
    const double roughness = fitted.field.Roughness();
    CHECK(roughness < before * (1 + 1e-9) + 1e-12);
    before = roughness;
  }
  CHECK(before < 1e-10);
}

TEST_CASE("spline field: it goes on smoothly where nothing was seen") {
  const Function line = [](double x, double y, double) {
    return 1 + 0.01 * (x - 15) + 0.005 * (y - 20);  // 1 in the mean of the left half
  };
  for (const double precision : {1e-3, 1.0, 1e6}) {
    Fitted fitted({60, 40, 20}, {1, 1, 1}, 10);
    fitted.field.Fit(fitted.Seen(line, [](double x, double, double) { return x < 30 ? 1.0 : 0.0; }),
                     precision);
    CHECK(fitted.Off(line) < 0.02);
  }
  // Without any precision nothing tells of the far splines; they stay finite.
  Fitted fitted({60, 40, 20}, {1, 1, 1}, 10);
  fitted.field.Fit(fitted.Seen(line, [](double x, double, double) { return x < 30 ? 1.0 : 0.0; }),
                   0);
  for (const float value : fitted.Values()) CHECK(std::abs(value) < 10);
}

TEST_CASE("spline field: a part of a row is that part") {
  Fitted fitted({40, 6, 5}, {1, 2, 3}, 9);
  fitted.field.Fit(
      fitted.Seen([](double x, double y, double z) { return 1 + 0.01 * x * y - 0.02 * z; }, One),
      0.1);
  const std::vector<float> values = fitted.Values();
  std::vector<float> part(11);
  fitted.field.EvaluateRow(17, 23, 11, part.data());
  for (int i = 0; i < 11; ++i) CHECK(part[i] == values[17 * 40 + 23 + i]);
}

}  // namespace
}  // namespace gmmseg
