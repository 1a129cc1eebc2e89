#include "spatial/spline_field.h"

#include <gmmseg/errors.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace gmmseg {
namespace {

constexpr int kSupport = SplineAxis::kSupport;
constexpr int kProduct = kSupport * kSupport * kSupport;

// Of a piece of a cubic B-spline, at u of 0…1 within its interval.
std::array<double, kSupport> Derivative(int order, double u) {
  const double v = 1 - u;
  if (order == 0)
    return {v * v * v / 6, (3 * u * u * u - 6 * u * u + 4) / 6, (3 * v * v * v - 6 * v * v + 4) / 6,
            u * u * u / 6};
  if (order == 1) return {-v * v / 2, (3 * u * u - 4 * u) / 2, -(3 * v * v - 4 * v) / 2, u * u / 2};
  return {v, 3 * u - 2, 3 * v - 2, u};
}

// Four points of Gauss and Legendre on 0…1: exact for the products of two cubics.
constexpr std::array<double, 4> kNodes = {0.0694318442029737, 0.3300094782075719,
                                          0.6699905217924281, 0.9305681557970263};
constexpr std::array<double, 4> kWeights = {0.1739274225687269, 0.3260725774312731,
                                            0.3260725774312731, 0.1739274225687269};

std::vector<SplineAxis::Values> ValuesAt(const SplineAxis& axis, std::int64_t count,
                                         std::int64_t voxels, std::int64_t extent, double spacing) {
  std::vector<SplineAxis::Values> values;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t first = i * voxels, behind = std::min(first + voxels, extent);
    values.push_back(axis.At(0.5 * static_cast<double>(first + behind) * spacing));
  }
  return values;
}

// Of blocks that have as many voxels as fit into the width, mm, along an axis.
std::int64_t BlockVoxels(double width, double spacing) {
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(width / spacing));
}

}  // namespace

SplineAxis::SplineAxis(double length, double resolution)
    : num_intervals_(std::max(1, static_cast<int>(std::lround(length / resolution)))),
      step_(length / num_intervals_) {}

SplineAxis::Values SplineAxis::At(double position) const {
  const double t = position / step_;
  const int interval = std::clamp(static_cast<int>(t), 0, num_intervals_ - 1);
  return {interval, Derivative(0, t - interval)};
}

Eigen::MatrixXd SplineAxis::Gram(int order) const {
  Eigen::MatrixXd piece = Eigen::MatrixXd::Zero(kSupport, kSupport);
  for (std::size_t q = 0; q < kNodes.size(); ++q) {
    const std::array<double, kSupport> values = Derivative(order, kNodes[q]);
    const Eigen::Map<const Eigen::Vector4d> column(values.data());
    piece += kWeights[q] * std::pow(step_, 1 - 2 * order) * column * column.transpose();
  }
  Eigen::MatrixXd gram = Eigen::MatrixXd::Zero(size(), size());
  for (int i = 0; i < num_intervals_; ++i) gram.block(i, i, kSupport, kSupport) += piece;
  return gram;
}

SplineField::SplineField(const Grid& grid, const std::array<double, 3>& spacing, double resolution)
    : grid_(grid),
      axes_{SplineAxis(static_cast<double>(grid.width) * spacing[0], resolution),
            SplineAxis(static_cast<double>(grid.height) * spacing[1], resolution),
            SplineAxis(static_cast<double>(grid.depth) * spacing[2], resolution)} {
  const double num_splines = double{1} * axes_[0].size() * axes_[1].size() * axes_[2].size();
  if (num_splines > kMostSplines)
    throw ParameterError(Format(
        "a field with a knot every %g mm takes %.0f splines over %g x %g x %g mm; at most %d: "
        "put the knots further apart",
        resolution, num_splines, static_cast<double>(grid.width) * spacing[0],
        static_cast<double>(grid.height) * spacing[1], static_cast<double>(grid.depth) * spacing[2],
        kMostSplines));
  constexpr double kBlocksPerKnot = 12;
  std::array<std::int64_t, 3> extents, blocks;
  for (int a = 0; a < 3; ++a) {
    extents[a] = grid.axes()[a].extent;
    block_[a] = BlockVoxels(resolution / kBlocksPerKnot, spacing[a]);
    blocks[a] = (extents[a] + block_[a] - 1) / block_[a];
    at_voxels_[a] = ValuesAt(axes_[a], extents[a], 1, extents[a], spacing[a]);
    at_blocks_[a] = ValuesAt(axes_[a], blocks[a], block_[a], extents[a], spacing[a]);
  }
  blocks_ = {blocks[0], blocks[1], blocks[2]};
  std::array<std::array<Eigen::MatrixXd, 3>, 3> gram;
  for (int a = 0; a < 3; ++a)
    for (int order = 0; order < 3; ++order) gram[a][order] = axes_[a].Gram(order);
  const int nx = axes_[0].size(), ny = axes_[1].size(), nz = axes_[2].size();
  penalty_.setZero(nx * ny * nz, nx * ny * nz);
  // Orders along x, y, z of a second derivative, and how often it stands in |f''|².
  struct Term {
    std::array<int, 3> orders;
    double times;
  };
  for (const Term& term : {Term{{2, 0, 0}, 1}, Term{{0, 2, 0}, 1}, Term{{0, 0, 2}, 1},
                           Term{{1, 1, 0}, 2}, Term{{1, 0, 1}, 2}, Term{{0, 1, 1}, 2}})
    for (int z = 0; z < nz; ++z)
      for (int y = 0; y < ny; ++y)
        for (int v = std::max(0, z - kSupport + 1); v < std::min(nz, z + kSupport); ++v)
          for (int u = std::max(0, y - kSupport + 1); u < std::min(ny, y + kSupport); ++u)
            penalty_.block(Index(0, y, z), Index(0, u, v), nx, nx) +=
                term.times * gram[2][term.orders[2]](z, v) * gram[1][term.orders[1]](y, u) *
                gram[0][term.orders[0]];
  coefficients_.setOnes(penalty_.rows());
}

void SplineField::Fit(const BlockSums& sums, double precision) {
  const Eigen::Index size = penalty_.rows();
  Eigen::MatrixXd system = precision * penalty_;
  Eigen::VectorXd right = Eigen::VectorXd::Zero(size), mean = Eigen::VectorXd::Zero(size);
  double total = 0;
  for (std::int64_t b = 0; b < blocks_.size(); ++b) {
    if (!(sums.count[b] > 0)) continue;
    const SplineAxis::Values& x = at_blocks_[0][b % blocks_.width];
    const SplineAxis::Values& y = at_blocks_[1][b / blocks_.width % blocks_.height];
    const SplineAxis::Values& z = at_blocks_[2][b / blocks_.width / blocks_.height];
    std::array<double, kProduct> weights;
    std::array<int, kProduct> places;
    for (int i = 0; i < kProduct; ++i) {
      const int a = i % kSupport, c = i / kSupport % kSupport, d = i / kSupport / kSupport;
      weights[i] = x.weights[a] * y.weights[c] * z.weights[d];
      places[i] = Index(x.first + a, y.first + c, z.first + d);
      right[places[i]] += sums.product[b] * weights[i];
      mean[places[i]] += sums.count[b] * weights[i];
    }
    total += sums.count[b];
  }
  if (!(total > 0)) return;
  mean /= total;
  AddProducts(sums.square, system);
  // Splines that neither data nor the penalty tell of.
  constexpr double kLeast = 1e-10;
  system.diagonal().array() += kLeast * system.diagonal().maxCoeff();
  const Eigen::LLT<Eigen::MatrixXd> solver(system);
  const Eigen::VectorXd free = solver.solve(right), step = solver.solve(mean);
  const Eigen::VectorXd found = free + step * ((1 - mean.dot(free)) / mean.dot(step));
  if (found.allFinite()) coefficients_ = found;
}

// Axis by axis, so that a block costs the products of four splines with four and not of 64 with 64.
void SplineField::AddProducts(std::span<const double> square, Eigen::MatrixXd& system) const {
  constexpr int kPairs = kSupport * kSupport;
  const auto product = [](const SplineAxis::Values& at, int pair) {
    return at.weights[pair / kSupport] * at.weights[pair % kSupport];
  };
  const std::int64_t row_size = axes_[0].num_intervals() * kPairs;
  std::vector<double> of_row(row_size), of_slab(axes_[1].num_intervals() * kPairs * row_size);
  for (std::int64_t z = 0; z < blocks_.depth; ++z) {
    std::ranges::fill(of_slab, 0);
    for (std::int64_t y = 0; y < blocks_.height; ++y) {
      std::ranges::fill(of_row, 0);
      const double* const squares = square.data() + (z * blocks_.height + y) * blocks_.width;
      for (std::int64_t x = 0; x < blocks_.width; ++x)
        for (int p = 0; p < kPairs; ++p)
          of_row[at_blocks_[0][x].first * kPairs + p] += squares[x] * product(at_blocks_[0][x], p);
      for (int q = 0; q < kPairs; ++q) {
        double* const to = of_slab.data() + (at_blocks_[1][y].first * kPairs + q) * row_size;
        const double factor = product(at_blocks_[1][y], q);
        for (std::int64_t i = 0; i < row_size; ++i) to[i] += factor * of_row[i];
      }
    }
    AddSlab(at_blocks_[2][z], of_slab, system);
  }
}

void SplineField::AddSlab(const SplineAxis::Values& z, std::span<const double> of_slab,
                          Eigen::MatrixXd& system) const {
  const double* value = of_slab.data();
  for (int fy = 0; fy < axes_[1].num_intervals(); ++fy)
    for (int c = fy; c < fy + kSupport; ++c)
      for (int d = fy; d < fy + kSupport; ++d)
        for (int fx = 0; fx < axes_[0].num_intervals(); ++fx)
          for (int a = fx; a < fx + kSupport; ++a)
            for (int b = fx; b < fx + kSupport; ++b, ++value)
              for (int e = 0; e < kSupport; ++e)
                for (int f = 0; f < kSupport; ++f)
                  system(Index(b, d, z.first + f), Index(a, c, z.first + e)) +=
                      *value * z.weights[e] * z.weights[f];
}

double SplineField::Roughness() const { return coefficients_.dot(penalty_ * coefficients_); }

void SplineField::EvaluateRow(std::int64_t row, std::int64_t first, std::int64_t count,
                              float* values) const {
  const SplineAxis::Values& y = at_voxels_[1][row % grid_.height];
  const SplineAxis::Values& z = at_voxels_[2][row / grid_.height];
  const int nx = axes_[0].size();
  Eigen::VectorXd along = Eigen::VectorXd::Zero(nx);
  for (int d = 0; d < kSupport; ++d)
    for (int c = 0; c < kSupport; ++c)
      along += y.weights[c] * z.weights[d] *
               coefficients_.segment(Index(0, y.first + c, z.first + d), nx);
  for (std::int64_t i = 0; i < count; ++i) {
    const SplineAxis::Values& x = at_voxels_[0][first + i];
    double value = 0;
    for (int a = 0; a < kSupport; ++a) value += x.weights[a] * along[x.first + a];
    values[i] = static_cast<float>(value);
  }
}

}  // namespace gmmseg
