#include "mixture/partial_volume.h"

#include <doctest/doctest.h>
#include <gmmseg/threads.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <vector>

namespace gmmseg {
namespace {

// Cells of a table with 0 to 9 voxels, a third of the cells with none.
IntensityTable RandomTable(std::mt19937_64& random, std::int64_t num_intensities,
                           std::int64_t num_fields) {
  std::uniform_int_distribution<int> count(0, 9), third(0, 2);
  IntensityTable table{
      .first_intensity = -0.2,
      .intensity_step = 1.6 / static_cast<double>(num_intensities - 1),
      .first_field = 0.8,
      .field_step = 0.4 / static_cast<double>(std::max<std::int64_t>(1, num_fields - 1)),
      .num_intensities = num_intensities,
      .num_fields = num_fields,
      .counts = {}};
  for (std::int64_t cell = 0; cell < num_intensities * num_fields; ++cell)
    table.counts.push_back(third(random) > 0 ? count(random) : 0);
  return table;
}

TissueModel RandomModel(std::mt19937_64& random, int num_mixes, bool tied) {
  std::uniform_real_distribution<double> uniform(0.1, 1);
  TissueModel model;
  model.states = StatesOf(3, num_mixes);
  model.means = Eigen::VectorXd::NullaryExpr(3, [&](auto) { return uniform(random); });
  model.variances = Eigen::VectorXd::NullaryExpr(
      tied ? 1 : 3, [&](auto) { return std::pow(0.3 * uniform(random), 2); });
  model.weights =
      Eigen::VectorXd::NullaryExpr(model.num_states(), [&](auto) { return uniform(random); });
  model.weights /= model.weights.sum();
  return model;
}

double LogDensity(const TissueModel& model, int state, double y, double b) {
  const double variance = model.VarianceOf(state), apart = y - b * model.MeanOf(state);
  return std::log(model.weights[state]) - 0.5 * std::log(2 * std::numbers::pi * variance) -
         0.5 * apart * apart / variance;
}

// What the header promises, voxel by voxel, in double.
struct Plain {
  Plain(const TissueModel& model, const IntensityTable& table)
      : sums{0, 0, Zero(model), Zero(model), Zero(model), Zero(model)},
        product(table.counts.size()),
        square(table.counts.size()) {
    for (std::size_t cell = 0; cell < table.counts.size(); ++cell)
      for (std::uint32_t voxel = 0; voxel < table.counts[cell]; ++voxel) {
        const auto at = static_cast<std::int64_t>(cell);
        Add(model, table.Intensity(at % table.num_intensities),
            table.Field(at / table.num_intensities), cell);
      }
  }

  TissueSums sums;
  std::vector<double> product, square;

 private:
  static Eigen::VectorXd Zero(const TissueModel& model) {
    return Eigen::VectorXd::Zero(model.num_states());
  }

  void Add(const TissueModel& model, double y, double b, std::size_t cell) {
    double density = 0;
    for (int l = 0; l < model.num_states(); ++l) density += std::exp(LogDensity(model, l, y, b));
    sums.log_likelihood += std::log(density);
    sums.num_voxels += 1;
    product[cell] = square[cell] = 0;
    for (int l = 0; l < model.num_states(); ++l) {
      const double p = std::exp(LogDensity(model, l, y, b)) / density, mean = model.MeanOf(l);
      sums.weight[l] += p;
      sums.field_square[l] += p * b * b;
      sums.product[l] += p * b * y;
      sums.intensity_square[l] += p * y * y;
      product[cell] += p * y * mean / model.VarianceOf(l);
      square[cell] += p * mean * mean / model.VarianceOf(l);
    }
  }
};

void CheckClose(const Eigen::VectorXd& found, const Eigen::VectorXd& expected, double within) {
  CHECK((found - expected).cwiseAbs().maxCoeff() <= within * expected.cwiseAbs().maxCoeff());
}

// How many voxels of each intensity, where the field is 1, as drawn from the model.
IntensityTable Drawn(const TissueModel& model, int num_voxels, double low, double high) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  std::discrete_distribution<int> state(model.weights.begin(), model.weights.end());
  std::uniform_int_distribution<int> field(0, 8);
  IntensityTable table{.first_intensity = low,
                       .intensity_step = (high - low) / 1023,
                       .first_field = 0.8,
                       .field_step = 0.05,
                       .num_intensities = 1024,
                       .num_fields = 9,
                       .counts = std::vector<std::uint32_t>(9 * 1024)};
  for (int i = 0; i < num_voxels; ++i) {
    const int l = state(random), f = field(random);
    const double y =
        table.Field(f) * model.MeanOf(l) + std::sqrt(model.VarianceOf(l)) * normal(random);
    const auto at = std::llround(std::clamp((y - low) / table.intensity_step, 0.0, 1023.0));
    ++table.counts[f * 1024 + at];
  }
  return table;
}

TissueModel Brain(int num_mixes, bool tied) {
  TissueModel model;
  model.states = StatesOf(3, num_mixes);
  model.means = Eigen::Vector3d(0.3, 0.65, 1);
  model.variances = tied ? Eigen::VectorXd::Constant(1, 0.002).eval()
                         : Eigen::VectorXd(Eigen::Vector3d(0.004, 0.002, 0.001));
  model.weights =
      Eigen::VectorXd::Constant(model.num_states(), num_mixes > 0 ? 0.25 / (2 * num_mixes) : 0);
  model.weights.head(3) << 0.2, 0.3, 0.25;
  model.weights /= model.weights.sum();
  return model;
}

TEST_CASE("tissue states: pure ones, then mixes of neighbours at even shares") {
  TissueModel model = Brain(3, false);
  REQUIRE(model.num_states() == 9);
  for (int l = 0; l < 9; ++l) {
    CHECK(model.FractionsOf(l).sum() == doctest::Approx(1).epsilon(1e-15));
    CHECK(model.MeanOf(l) == doctest::Approx(model.FractionsOf(l).dot(model.means)).epsilon(1e-15));
  }
  CHECK(model.FractionsOf(1) == Eigen::Vector3d(0, 1, 0));
  CHECK(model.FractionsOf(3) == Eigen::Vector3d(0.75, 0.25, 0));
  CHECK(model.FractionsOf(4) == Eigen::Vector3d(0.5, 0.5, 0));
  CHECK(model.FractionsOf(8) == Eigen::Vector3d(0, 0.25, 0.75));
  // A mix has the variance of which it holds more.
  CHECK(model.GroupOf(2) == 2);
  CHECK(model.GroupOf(6) == 1);
  CHECK(model.GroupOf(8) == 2);
  CHECK(Brain(3, true).GroupOf(8) == 0);
  CHECK(StatesOf(3, 0).size() == 3);
}

TEST_CASE("partial volume e-step: a plain loop over voxels, in double") {
  std::mt19937_64 random(1);
  for (const bool tied : {true, false})
    for (const int num_mixes : {0, 1, 7})
      for (const std::int64_t num_intensities : {2, 127, 300}) {
        const IntensityTable table = RandomTable(random, num_intensities, 5);
        const TissueModel model = RandomModel(random, num_mixes, tied);
        const Plain plain(model, table);
        FieldTerms terms;
        const TissueSums sums = Accumulate(model, table, &terms);
        CHECK(sums.num_voxels == plain.sums.num_voxels);
        CHECK(sums.log_likelihood == doctest::Approx(plain.sums.log_likelihood).epsilon(2e-5));
        // Log-densities are floats, down to some -300.
        CheckClose(sums.weight, plain.sums.weight, 1e-4);
        CheckClose(sums.field_square, plain.sums.field_square, 1e-4);
        CheckClose(sums.product, plain.sums.product, 1e-4);
        CheckClose(sums.intensity_square, plain.sums.intensity_square, 1e-4);
        CHECK(sums.weight.sum() == doctest::Approx(sums.num_voxels).epsilon(1e-6));
        REQUIRE(terms.product.size() == table.counts.size());
        const auto size = static_cast<Eigen::Index>(table.counts.size());
        CheckClose(Eigen::Map<Eigen::VectorXf>(terms.product.data(), size).cast<double>(),
                   Eigen::Map<const Eigen::VectorXd>(plain.product.data(), size), 1e-4);
        CheckClose(Eigen::Map<Eigen::VectorXf>(terms.square.data(), size).cast<double>(),
                   Eigen::Map<const Eigen::VectorXd>(plain.square.data(), size), 1e-4);
      }
}

TEST_CASE("partial volume e-step: the same bits for any number of threads") {
  std::mt19937_64 random(5);
  const IntensityTable table = RandomTable(random, 700, 60);
  const TissueModel model = RandomModel(random, 5, true);
  FieldTerms one, two;
  const ThreadLimit alone(1);
  const TissueSums first = Accumulate(model, table, &one);
  TissueSums second;
  {
    const ThreadLimit pair(2);
    second = Accumulate(model, table, &two);
  }
  CHECK(first.log_likelihood == second.log_likelihood);
  CHECK(first.product == second.product);
  CHECK(first.intensity_square == second.intensity_square);
  CHECK(one.product == two.product);
}

TEST_CASE("partial volume m-step: no step lowers the likelihood, tied and free") {
  std::mt19937_64 random(2);
  for (int draw = 0; draw < 200; ++draw) {
    const IntensityTable table = RandomTable(random, 60, draw % 4 + 1);
    TissueModel model = RandomModel(random, draw % 5, draw % 2 == 0);
    const double floor = table.intensity_step * table.intensity_step / 12;
    TissueSums sums = Accumulate(model, table, nullptr);
    for (int step = 0; step < 12; ++step) {
      Maximize(sums, floor, model);
      CHECK(model.weights.sum() == doctest::Approx(1).epsilon(1e-5));
      const TissueSums next = Accumulate(model, table, nullptr);
      // Floats in the densities: 1e-6 of a likelihood per voxel.
      CHECK(next.log_likelihood >= sums.log_likelihood - 1e-6 * sums.num_voxels);
      sums = next;
    }
  }
}

// −2 ln of the expected likelihood, but for constants, as a function of the means.
double Misfit(const TissueSums& sums, const TissueModel& model, const Eigen::VectorXd& variances,
              const Eigen::VectorXd& means) {
  double misfit = 0;
  for (int l = 0; l < model.num_states(); ++l) {
    const double mean = model.FractionsOf(l).dot(means);
    misfit += (sums.intensity_square[l] - 2 * mean * sums.product[l] +
               mean * mean * sums.field_square[l]) /
              variances[model.GroupOf(l)];
  }
  return misfit;
}

TEST_CASE("partial volume m-step: no other means fit better under the variances before") {
  std::mt19937_64 random(4);
  std::normal_distribution<double> normal;
  for (int draw = 0; draw < 20; ++draw) {
    const IntensityTable table = RandomTable(random, 60, 3);
    TissueModel model = RandomModel(random, 4, draw % 2 == 0);
    const Eigen::VectorXd variances = model.variances;
    const TissueSums sums = Accumulate(model, table, nullptr);
    Maximize(sums, 0, model);
    const double least = Misfit(sums, model, variances, model.means);
    for (int k = 0; k < 3; ++k)  // a minimum's slopes
      for (const double step : {1e-4, -1e-4}) {
        Eigen::VectorXd means = model.means;
        means[k] += step;
        CHECK(Misfit(sums, model, variances, means) > least);
      }
    for (int other = 0; other < 50; ++other) {
      const Eigen::VectorXd means =
          model.means + Eigen::VectorXd::NullaryExpr(3, [&](auto) { return 0.1 * normal(random); });
      CHECK(Misfit(sums, model, variances, means) > least);
    }
    // Variances are the mean squares about these means; weights the shares.
    double squares = 0, weight = 0;
    for (int l = 0; l < model.num_states(); ++l) {
      if (model.GroupOf(l) != 0) continue;
      const double mean = model.MeanOf(l);
      squares += sums.intensity_square[l] - 2 * mean * sums.product[l] +
                 mean * mean * sums.field_square[l];
      weight += sums.weight[l];
    }
    CHECK(model.variances[0] == doctest::Approx(squares / weight).epsilon(1e-12));
    CHECK(model.weights[1] == doctest::Approx(sums.weight[1] / sums.num_voxels).epsilon(1e-12));
  }
}

TEST_CASE("partial volume EM: finds what voxels were drawn from") {
  for (const bool tied : {true, false}) {
    const TissueModel truth = Brain(tied ? 4 : 1, tied);
    const IntensityTable table = Drawn(truth, 400000, -0.1, 1.5);
    TissueModel model = truth;
    model.means = Eigen::Vector3d(0.25, 0.6, 1.05);
    model.variances.setConstant(0.006);
    model.weights.setConstant(1.0 / model.num_states());
    for (int step = 0; step < 300; ++step) Maximize(Accumulate(model, table, nullptr), 1e-7, model);
    CHECK((model.means - truth.means).cwiseAbs().maxCoeff() < 0.004);
    CHECK((model.variances - truth.variances).cwiseAbs().maxCoeff() < 0.0003);
    CHECK((model.weights - truth.weights).head(3).cwiseAbs().maxCoeff() < 0.03);
  }
}

TEST_CASE(
    "partial volume EM: a tissue that loses its voxels keeps its mean, and all stays finite") {
  for (const bool tied : {true, false}) {
    TissueModel model = Brain(3, tied);
    model.weights = Eigen::VectorXd::Zero(model.num_states());
    model.weights[1] = model.weights[2] = 0.5;
    const IntensityTable table = Drawn(model, 20000, 0, 1.3);
    model.means[0] = -40;  // nothing near it, nor near its mixes
    model.weights.setConstant(1.0 / model.num_states());
    for (int step = 0; step < 50; ++step) {
      Maximize(Accumulate(model, table, nullptr), 1e-7, model);
      REQUIRE(model.means.allFinite());
      REQUIRE(model.variances.allFinite());
      REQUIRE(model.variances.minCoeff() > 0);
      REQUIRE(model.weights.allFinite());
    }
    CHECK(model.weights[0] < 1e-6);
    CHECK(model.means[0] < -30);
    CHECK(model.means[2] == doctest::Approx(1).epsilon(0.02));
  }
}

TEST_CASE("partial volume EM: scales and offsets of intensities do not matter") {
  const TissueModel truth = Brain(3, true);
  const IntensityTable usual = Drawn(truth, 50000, -0.1, 1.5);
  const auto fitted = [&](double scale) {
    IntensityTable table = usual;
    table.first_intensity *= scale;
    table.intensity_step *= std::abs(scale);
    if (scale < 0) {  // the mirror image
      table.first_intensity = scale * usual.Intensity(usual.num_intensities - 1);
      for (std::int64_t f = 0; f < table.num_fields; ++f)
        std::reverse(table.counts.begin() + f * 1024, table.counts.begin() + (f + 1) * 1024);
    }
    TissueModel model = truth;
    model.means = scale * Eigen::Vector3d(0.28, 0.6, 1.05);
    model.variances *= 3 * scale * scale;
    for (int step = 0; step < 40; ++step) Maximize(Accumulate(model, table, nullptr), 0, model);
    return Eigen::VectorXd(model.means / scale);
  };
  const Eigen::VectorXd means = fitted(1);
  for (const double scale : {1e-3, 1e4, -1.0, -1e3, 1e-12, 1e12})
    CHECK((fitted(scale) - means).cwiseAbs().maxCoeff() < 1e-5);

  // An offset multiplies with the field, so here it is 1 everywhere.
  IntensityTable table = Drawn(truth, 50000, -0.1, 1.5);
  for (std::size_t i = 0; i < 1024; ++i)
    for (std::int64_t f = 1; f < 9; ++f) table.counts[f * 1024 + i] = 0;
  table.first_field = 1;
  const auto apart = [&](double offset) {
    IntensityTable moved = table;
    moved.first_intensity += offset;
    TissueModel model = truth;
    model.means = 0.8 * truth.means.array() + offset;
    for (int step = 0; step < 40; ++step) Maximize(Accumulate(model, moved, nullptr), 0, model);
    REQUIRE(model.variances.minCoeff() > 0);
    return Eigen::VectorXd(model.means.array() - offset);
  };
  const Eigen::VectorXd unmoved = apart(0);
  CHECK((apart(-1000) - unmoved).cwiseAbs().maxCoeff() < 0.002);
  CHECK((apart(1e4) - unmoved).cwiseAbs().maxCoeff() < 0.01);
}

TEST_CASE("partial volume m-step: variances stay at the floor") {
  TissueModel model = Brain(0, true);
  IntensityTable table{.first_intensity = 0.3,
                       .intensity_step = 0.35,
                       .num_intensities = 3,
                       .num_fields = 1,
                       .counts = {50, 70, 60}};
  for (int step = 0; step < 5; ++step) Maximize(Accumulate(model, table, nullptr), 1e-4, model);
  CHECK(model.variances[0] == 1e-4);
  CHECK(model.means[0] == doctest::Approx(0.3));
  CHECK(model.means[2] == doctest::Approx(1.0));
  CHECK(model.weights[1] == doctest::Approx(70.0 / 180));
}

}  // namespace
}  // namespace gmmseg
