// A smooth function on a grid of voxels: a tensor product of cubic B-splines.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "spatial/grid.h"

namespace gmmseg {

// Uniform cubic B-splines along one axis, over positions 0…length.
class SplineAxis {
 public:
  // Knots as near to `resolution` apart as a whole number of steps allows. Both > 0.
  SplineAxis(double length, double resolution);

  static constexpr int kSupport = 4;  // splines that are not 0 at a position
  int num_intervals() const { return num_intervals_; }
  int size() const { return num_intervals_ + kSupport - 1; }

  // The splines first…first+3 at a position.
  struct Values {
    int first = 0;
    std::array<double, kSupport> weights{};
  };
  Values At(double position) const;

  // size × size: ∫ of the products of the splines' derivatives of this order, 0 to 2, over
  // 0…length.
  Eigen::MatrixXd Gram(int order) const;

 private:
  int num_intervals_;
  double step_;
};

// What a fit weighs: sums over a block of voxels, x fastest, whose middles stand for them.
struct BlockSums {
  std::vector<double> product, square, count;

  explicit BlockSums(std::int64_t size) : product(size), square(size), count(size) {}
};

// Voxels lie `spacing` mm apart. The function is 1 until it is fitted.
class SplineField {
 public:
  static constexpr int kMostSplines = 3000;
  // `resolution`: mm between knots. Throws ParameterError for one that takes more splines than
  // kMostSplines.
  SplineField(const Grid& grid, const std::array<double, 3>& spacing, double resolution);

  // Blocks of voxels, each at most a twelfth of the resolution wide, or one voxel. Where a field is
  // steep, wider ones that a mask cuts through tilt it.
  const Grid& blocks() const { return blocks_; }
  std::int64_t BlockOf(std::int64_t x, std::int64_t y, std::int64_t z) const {
    return ((z / block_[2]) * blocks_.height + y / block_[1]) * blocks_.width + x / block_[0];
  }
  std::int64_t block_width() const { return block_[0]; }
  std::int64_t block_depth() const { return block_[2]; }

  // Takes the f that minimises Σ_blocks ½ square f² − product f + ½ precision ∫ |f''|², f'' all
  // second derivatives by mm, among those whose mean by `count` is 1. Splines so far from all
  // blocks that nothing tells of them go on smoothly. Cost: the cube of the number of splines.
  // Reference: Green and Silverman 1994, "Nonparametric regression and generalized linear models",
  // chapter 7, the thin plate's penalty.
  void Fit(const BlockSums& sums, double precision);

  // ∫ |f''|², mm³ / mm⁴.
  double Roughness() const;

  // f at voxels first…first+count-1 of row y + z · height.
  void EvaluateRow(std::int64_t row, std::int64_t first, std::int64_t count, float* values) const;

 private:
  int Index(int x, int y, int z) const { return (z * axes_[1].size() + y) * axes_[0].size() + x; }

  // Adds Σ_blocks square B Bᵀ, B the splines at the block's middle.
  void AddProducts(std::span<const double> square, Eigen::MatrixXd& system) const;
  // The same of a slab of blocks, whose sums are given by pairs of splines along y and x.
  void AddSlab(const SplineAxis::Values& z, std::span<const double> of_slab,
               Eigen::MatrixXd& system) const;

  Grid grid_, blocks_;
  std::array<SplineAxis, 3> axes_;
  std::array<std::int64_t, 3> block_;
  // Of the middles of voxels and blocks, along each axis.
  std::array<std::vector<SplineAxis::Values>, 3> at_voxels_, at_blocks_;
  Eigen::MatrixXd penalty_;
  Eigen::VectorXd coefficients_;
};

}  // namespace gmmseg
