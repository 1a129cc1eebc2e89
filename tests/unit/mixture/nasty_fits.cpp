#include "nasty_fits.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "../nasty_draw.h"

namespace gmmseg {
namespace {

using Matrix = Eigen::MatrixXd;

Matrix Normals(NastyDraw& draw, Eigen::Index n, Eigen::Index d) {
  return Matrix::NullaryExpr(n, d, [&](auto, auto) { return draw.Normal(); });
}

Matrix Flat(NastyDraw& draw, int n, int d) {
  const Eigen::RowVectorXd value = draw.Magnitude(-30, 30) * Normals(draw, 1, d);
  return value.replicate(n, 1);
}

// `num_values` different points, each at least once.
Matrix FewPoints(NastyDraw& draw, int n, int d, int num_values) {
  const Matrix points = Normals(draw, num_values, d);
  Matrix rows(n, d);
  for (int i = 0; i < n; ++i)
    rows.row(i) = points.row(i < num_values ? i : draw.Int(0, num_values - 1));
  return rows;
}
Matrix TwoValued(NastyDraw& draw, int n, int d) { return FewPoints(draw, n, d, std::min(n, 2)); }
Matrix Duplicated(NastyDraw& draw, int n, int d) {
  return FewPoints(draw, n, d, draw.Int(1, std::min(n, 15)));
}

Matrix OneOutlier(NastyDraw& draw, int n, int d) {
  Matrix rows = Normals(draw, n, d);
  rows.row(draw.Int(0, n - 1)) *= draw.Magnitude(2, 12);
  return rows;
}

// Every feature has a scale and an offset of its own.
Matrix WildRanges(NastyDraw& draw, int n, int d) {
  Matrix rows = Normals(draw, n, d);
  for (int j = 0; j < d; ++j)
    rows.col(j) = (rows.col(j).array() + draw.Magnitude(-3, 9)) * draw.Magnitude(-30, 30);
  return rows;
}

Matrix Collinear(NastyDraw& draw, int n, int d) {
  Matrix rows = Normals(draw, n, 1) * Normals(draw, 1, d);
  if (draw.Chance(0.5)) rows += draw.Magnitude(-12, -3) * Normals(draw, n, d);
  return rows;
}

Matrix ConstantFeature(NastyDraw& draw, int n, int d) {
  Matrix rows = Normals(draw, n, d);
  rows.col(draw.Int(0, d - 1)).setConstant(draw.Magnitude(-20, 20));
  return rows;
}

// About the smallest numbers that float and double hold.
Matrix Denormal(NastyDraw& draw, int n, int d) {
  return Normals(draw, n, d) * (draw.Chance(0.5) ? 1e-40 : draw.Magnitude(-323, -100));
}

Matrix NotNumbers(NastyDraw& draw, int n, int d) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr std::array<double, 3> kValues{std::nan(""), kInfinity, -kInfinity};
  const double share = draw.OneOf(std::array{0.02, 0.5, 0.95});
  Matrix rows = Normals(draw, n, d);
  for (double& value : rows.reshaped())
    if (draw.Chance(share)) value = draw.OneOf(kValues);
  return rows;
}

// Corners of a simplex: every distance ties with every other.
Matrix Simplex(NastyDraw& draw, int n, int d) {
  Matrix rows = Matrix::Zero(n, d);
  for (int i = 0; i < n; ++i)
    if (const int corner = draw.Chance(0.5) ? i % (d + 1) : draw.Int(0, d); corner < d)
      rows(i, corner) = 1;
  return rows;
}

Matrix Lattice(NastyDraw& draw, int n, int d) {
  const int side = draw.Int(2, 5);
  return Matrix::NullaryExpr(n, d, [&](auto, auto) { return draw.Int(0, side); });
}

Matrix HeavyTails(NastyDraw& draw, int n, int d) {
  return Normals(draw, n, d).cwiseQuotient(Normals(draw, n, d));
}

Matrix Exponential(NastyDraw& draw, int n, int d) {
  const double base = draw.Uniform(1.1, 8);
  Matrix rows(n, d);
  for (int i = 0; i < n; ++i) rows.row(i).setConstant(std::pow(base, i));
  return rows;
}

// Tight clusters, a hundred of their deviations apart or more.
Matrix Clusters(NastyDraw& draw, int n, int d) {
  const int num_clusters = draw.Int(2, 6);
  const double width = draw.Magnitude(-6, -2);
  Matrix rows(n, d);
  for (int i = 0; i < n; ++i) {
    rows.row(i) = width * Normals(draw, 1, d);
    rows(i, 0) += i % num_clusters;
  }
  return rows;
}

// One normal cloud but for most of its points, which are the same.
Matrix AlmostFlat(NastyDraw& draw, int n, int d) {
  Matrix rows = Normals(draw, n, d);
  rows.topRows(n - std::min(n, draw.Int(1, 5))).setConstant(draw.Normal());
  return rows;
}

struct Family {
  const char* name;
  Matrix (*rows)(NastyDraw& draw, int n, int d);
};
constexpr std::array kFamilies{
    Family{"flat", Flat},
    Family{"two-valued", TwoValued},
    Family{"duplicated points", Duplicated},
    Family{"one outlier", OneOutlier},
    Family{"wild ranges", WildRanges},
    Family{"collinear", Collinear},
    Family{"a constant feature", ConstantFeature},
    Family{"denormal", Denormal},
    Family{"not numbers", NotNumbers},
    Family{"simplex", Simplex},
    Family{"lattice", Lattice},
    Family{"heavy tails", HeavyTails},
    Family{"exponential", Exponential},
    Family{"clusters", Clusters},
    Family{"almost flat", AlmostFlat},
};

using Vector = Eigen::VectorXd;
Vector PerSample(int n, const std::function<double()>& value) {
  return Vector::NullaryExpr(n, [&](auto) { return value(); });
}

struct Weighting {
  const char* name;
  Vector (*weights)(NastyDraw& draw, int n);
};
constexpr std::array kWeightings{
    Weighting{"no weights", [](NastyDraw&, int) { return Vector(); }},
    Weighting{"counts",
              [](NastyDraw& draw, int n) -> Vector {
                return PerSample(n, [&] { return draw.Int(1, 1000); });
              }},
    Weighting{"zeros among the weights",
              [](NastyDraw& draw, int n) -> Vector {
                return PerSample(n, [&] { return draw.Chance(0.6) ? 0.0 : 1.0; });
              }},
    Weighting{"one weight above 0",
              [](NastyDraw& draw, int n) -> Vector {
                return draw.Magnitude(-3, 3) * Vector::Unit(n, draw.Int(0, n - 1));
              }},
    Weighting{"huge weights",
              [](NastyDraw& draw, int n) -> Vector {
                return draw.Magnitude(10, 300) * PerSample(n, [&] { return draw.Uniform(); });
              }},
    Weighting{"tiny weights",
              [](NastyDraw& draw, int n) -> Vector {
                return draw.Magnitude(-300, -10) * PerSample(n, [&] { return draw.Uniform(); });
              }},
    Weighting{"weights of all magnitudes",
              [](NastyDraw& draw, int n) -> Vector {
                const double range = draw.Uniform(1, 40);
                return PerSample(n, [&] { return draw.Magnitude(-range, range); });
              }},
};

std::vector<FeatureBlock> Blocks(NastyDraw& draw, int num_features) {
  if (num_features == 1 || draw.Chance(0.6)) return {};
  const int first = draw.Int(1, num_features - 1);
  const double temper = draw.OneOf(std::array{0.0, 0.01, 1.0, 5.0, 1e4});
  return {{0, first, 1.0}, {first, num_features - first, temper}};
}

// A floor between next to nothing and far above the data.
Matrix Floor(NastyDraw& draw, const Vector& deviations) {
  const Eigen::Index d = deviations.size();
  Matrix floor = Matrix::Identity(d, d) + 0.3 * Matrix::Ones(d, d);
  floor *= draw.OneOf(std::array{1e-12, 1e-6, 1e-3, 0.1, 1e6});
  return deviations.asDiagonal() * floor * deviations.asDiagonal();
}

// Any model, `distance` deviations of the data away.
GaussianMixture Start(NastyDraw& draw, const Standardization& units, const FitOptions& options,
                      double distance) {
  const Eigen::Index d = units.scale.size();
  GaussianMixture model;
  model.covariance_type = options.covariance_type;
  model.blocks = options.blocks;
  if (model.blocks.empty()) model.blocks = {{0, static_cast<int>(d), 1.0}};
  model.weights = PerSample(options.num_components, [&] { return draw.Magnitude(-6, 0); });
  model.weights /= model.weights.sum();
  model.means = distance * Normals(draw, options.num_components, d);
  model.covariances.assign(options.num_components, draw.Magnitude(-2, 2) * Matrix::Identity(d, d));
  return FromStandardized(model, units);
}

FitOptions Options(NastyDraw& draw, int num_samples, int num_features) {
  constexpr std::array kTypes{CovarianceType::kFull, CovarianceType::kTied,
                              CovarianceType::kDiagonal, CovarianceType::kSpherical};
  constexpr std::array kInits{InitMethod::kAuto, InitMethod::kKMeans, InitMethod::kHierarchical,
                              InitMethod::kRandom};
  FitOptions options;
  options.num_components =
      draw.Chance(0.3) ? std::max(1, num_samples + draw.Int(-2, 2)) : draw.Int(1, 8);
  options.covariance_type = draw.OneOf(kTypes);
  options.blocks = Blocks(draw, num_features);
  options.init = draw.OneOf(kInits);
  options.restarts = draw.Int(1, 3);
  options.subsample_size = draw.OneOf(std::array{1, 3, 20, 16384});
  options.tolerance = draw.OneOf(std::array{0.0, 1e-12, 1e-5, 0.1, 1e30});
  options.max_iterations = draw.OneOf(std::array{0, 1, 2, 20, 60});
  options.acceleration = draw.Chance(0.7) ? Acceleration::kOn : Acceleration::kOff;
  options.max_rescues = draw.Int(0, 3);
  options.seed = static_cast<std::uint64_t>(draw.Int(0, 1000));
  return options;
}

}  // namespace

NastyFit MakeNastyFit(std::uint64_t number) {
  NastyDraw draw(number);
  const Family& family = draw.OneOf(kFamilies);
  const Weighting& weighting = draw.Chance(0.5) ? kWeightings[0] : draw.OneOf(kWeightings);
  const int n = draw.Chance(0.1) ? 1 : draw.Int(2, 40), d = draw.Int(1, 5);

  NastyFit fit;
  fit.rows = family.rows(draw, n, d);
  fit.weights = weighting.weights(draw, n);
  fit.options = Options(draw, n, d);
  const Standardization units = Samples::FromRows(fit.rows, fit.weights).standardization();
  if (draw.Chance(0.4)) fit.options.floor = Floor(draw, units.scale);
  fit.description = std::string(family.name) + ", " + weighting.name +
                    ", N = " + std::to_string(n) + ", D = " + std::to_string(d) +
                    ", K = " + std::to_string(fit.options.num_components) + ", " +
                    std::string(ToString(fit.options.covariance_type)) + ", " +
                    std::string(ToString(fit.options.init));
  if (draw.Chance(0.3)) {
    const double distance = draw.OneOf(std::array{0.0, 1.0, 10.0, 1e6, 1e12});
    fit.options.start = Start(draw, units, fit.options, distance);
    fit.description += ", a start " + std::to_string(distance) + " deviations away";
    fit.far_start = distance > 10;
  }
  return fit;
}

}  // namespace gmmseg
