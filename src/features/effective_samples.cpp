#include "features/effective_samples.h"

#include <gmmseg/exact_sum.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <mutex>
#include <vector>

#include "base/tile_loop.h"

namespace gmmseg {
namespace {

// Σ c·cᵀ over the columns c that fill(i, c) makes of 0…n-1; a column that is left alone is 0.
template <typename Fill>
Eigen::MatrixXd SumOfProducts(std::int64_t n, int rows, const Fill& fill) {
  Eigen::MatrixXd total(rows, rows);
  std::vector<ExactSum> sums(total.size());
  std::mutex mutex;
  ForEachTile(n, [&](std::int64_t, std::int64_t first, std::int64_t count) {
    Eigen::MatrixXd columns = Eigen::MatrixXd::Zero(rows, count);
    for (std::int64_t i = 0; i < count; ++i) fill(first + i, columns.col(i));
    const Eigen::MatrixXd products = columns * columns.transpose();
    const std::lock_guard lock(mutex);
    for (Eigen::Index e = 0; e < products.size(); ++e) sums[e] += products(e);
  });
  for (Eigen::Index e = 0; e < total.size(); ++e) total(e) = sums[e].ToDouble();
  return total;
}

// What is known of the colour features, in plane units. A column of sums has the features' values,
// 0 where one is missing, and then 1 for each that is there.
class Colors {
 public:
  Colors(const Raster& raster, const FeaturePlanes& planes)
      : raster_(raster), planes_(planes), size_(planes.layout.NumColors()) {}

  Eigen::MatrixXd Covariance() const {
    const Eigen::MatrixXd sums =
        SumOfProducts(planes_.samples.size(), 2 * size_, [&](std::int64_t i, auto column) {
          const double weight = planes_.samples.weights()[i];
          if (weight == 0) return;
          for (int d = 0; d < size_; ++d) {
            if (planes_.samples.IsMissing(i, d)) continue;
            column[d] = planes_.samples.Plane(d)[i];
            column[size_ + d] = 1;
          }
          column *= std::sqrt(weight);
        });
    Eigen::VectorXd mean(size_);
    for (int d = 0; d < size_; ++d) {
      const double weight = sums(size_ + d, size_ + d);
      mean[d] = weight > 0 ? sums(d, size_ + d) / weight : 0.0;
    }
    return MeanProducts(sums) - mean * mean.transpose();
  }

  // Of pixels `stride` apart along an axis of `extent` pixels, half the mean product of their
  // differences; nothing where there is no pair.
  Eigen::MatrixXd SemiVariance(std::int64_t stride, std::int64_t extent) const {
    const float* const weights = planes_.samples.weights();
    const Eigen::MatrixXd sums =
        SumOfProducts(raster_.num_pixels(), 2 * size_, [&](std::int64_t pixel, auto column) {
          if (pixel / stride % extent + 1 == extent) return;
          const std::int64_t a = planes_.SampleOf(pixel), b = planes_.SampleOf(pixel + stride);
          if (weights[a] == 0 || weights[b] == 0) return;
          for (int d = 0; d < size_; ++d) {
            if (planes_.samples.IsMissing(a, d) || planes_.samples.IsMissing(b, d)) continue;
            const float* const plane = planes_.samples.Plane(d);
            column[d] = static_cast<double>(plane[b]) - plane[a];
            column[size_ + d] = 1;
          }
          // A pair weighs √(w_a w_b), and each of its two columns the root of that.
          column *= std::sqrt(std::sqrt(double{raster_.Weight(pixel)}) *
                              std::sqrt(double{raster_.Weight(pixel + stride)}));
        });
    if (sums.bottomRightCorner(size_, size_).isZero(0)) return {};
    return MeanProducts(sums) / 2;
  }

 private:
  // Of each two features, over what has both.
  Eigen::MatrixXd MeanProducts(const Eigen::MatrixXd& sums) const {
    const Eigen::ArrayXXd counts = sums.bottomRightCorner(size_, size_);
    return (counts > 0).select(sums.topLeftCorner(size_, size_).array() / counts, 0.0);
  }

  const Raster& raster_;
  const FeaturePlanes& planes_;
  int size_;
};

// The mean over the directions that are not flat, each in units of its variance.
double WhitenedMean(const Eigen::MatrixXd& semi_variance,
                    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>& eigen) {
  const double flat = 1e-6 * eigen.eigenvalues().maxCoeff();
  double sum = 0;
  int count = 0;
  for (Eigen::Index d = 0; d < eigen.eigenvalues().size(); ++d) {
    const double variance = eigen.eigenvalues()[d];
    if (!(variance > flat)) continue;
    const Eigen::VectorXd direction = eigen.eigenvectors().col(d);
    sum += direction.dot(semi_variance * direction) / variance;
    ++count;
  }
  return count > 0 ? sum / count : 1;
}

// How many pixels of an axis count as one: Σ_h (1 - |h|/N) ρ^(h²).
double PixelsPerSample(double correlation, std::int64_t extent) {
  double sum = 1;
  for (std::int64_t h = 1; h < extent; ++h) {
    const auto distance = static_cast<double>(h);
    const double term = std::pow(correlation, distance * distance);
    if (term < 1e-12) break;
    sum += 2 * (1 - distance / static_cast<double>(extent)) * term;
  }
  return sum;
}

// As many pixels of equal weight would tell as much: (Σw)² / Σw² (Kish 1965).
double PixelsOfEqualWeight(const Raster& raster, const FeaturePlanes& planes) {
  if (raster.weights().empty()) return static_cast<double>(planes.num_valid);
  double sum = 0, squares = 0;
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
    if (!(planes.samples.weights()[planes.SampleOf(i)] > 0)) continue;
    const double weight = raster.Weight(i) / planes.samples.weight_unit();
    sum += weight;
    squares += weight * weight;
  }
  return sum * sum / squares;
}

}  // namespace

double EffectiveSamples(const Raster& raster, const FeaturePlanes& planes) {
  if (planes.num_valid == 0) return 0;
  const Colors colors(raster, planes);
  const double num_pixels = PixelsOfEqualWeight(raster, planes);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(colors.Covariance());
  double effective = num_pixels;
  std::int64_t stride = 1;
  for (const std::int64_t extent : {raster.width(), raster.height(), raster.depth()}) {
    const Eigen::MatrixXd semi_variance = colors.SemiVariance(stride, extent);
    if (semi_variance.size() > 0)
      effective /=
          PixelsPerSample(std::clamp(1 - WhitenedMean(semi_variance, eigen), 0.0, 1.0), extent);
    stride *= extent;
  }
  return std::clamp(effective, 1.0, num_pixels);
}

}  // namespace gmmseg
