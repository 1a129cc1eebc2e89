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

// What is known of the colour features, in plane units.
class Colors {
 public:
  explicit Colors(const FeaturePlanes& planes)
      : planes_(planes), size_(planes.layout.blocks.front().size) {}

  // Nothing where no sample is whole.
  Eigen::MatrixXd Covariance() const {
    const float* const weights = planes_.samples.weights();
    const Eigen::MatrixXd sums =
        SumOfProducts(planes_.samples.size(), size_ + 1, [&](std::int64_t i, auto column) {
          if (!IsWhole(i)) return;
          for (int d = 0; d < size_; ++d) column[d] = planes_.samples.Plane(d)[i];
          column[size_] = 1;
          column *= std::sqrt(static_cast<double>(weights[i]));
        });
    if (sums(size_, size_) == 0) return {};
    const Eigen::VectorXd mean = sums.col(size_).head(size_) / sums(size_, size_);
    return sums.topLeftCorner(size_, size_) / sums(size_, size_) - mean * mean.transpose();
  }

  // Of pixels `stride` apart along an axis of `extent` pixels, half the mean product of their
  // differences; nothing where there is no pair.
  Eigen::MatrixXd SemiVariance(std::int64_t num_pixels, std::int64_t stride,
                               std::int64_t extent) const {
    const Eigen::MatrixXd sums =
        SumOfProducts(num_pixels, size_ + 1, [&](std::int64_t pixel, auto column) {
          if (pixel / stride % extent + 1 == extent) return;
          const std::int64_t a = planes_.SampleOf(pixel), b = planes_.SampleOf(pixel + stride);
          if (!IsWhole(a) || !IsWhole(b)) return;
          for (int d = 0; d < size_; ++d) {
            const float* const plane = planes_.samples.Plane(d);
            column[d] = static_cast<double>(plane[b]) - plane[a];
          }
          column[size_] = 1;
        });
    const double num_pairs = sums(size_, size_);
    if (num_pairs == 0) return {};
    return sums.topLeftCorner(size_, size_) / (2 * num_pairs);
  }

 private:
  bool IsWhole(std::int64_t i) const {
    return planes_.samples.weights()[i] > 0 && planes_.samples.MissingPattern(i) == 0;
  }

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
  const Colors colors(planes);
  const double num_pixels = PixelsOfEqualWeight(raster, planes);
  const Eigen::MatrixXd covariance = colors.Covariance();
  if (covariance.size() == 0) return num_pixels;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(covariance);
  double effective = num_pixels;
  std::int64_t stride = 1;
  for (const std::int64_t extent : {raster.width(), raster.height(), raster.depth()}) {
    const Eigen::MatrixXd semi_variance = colors.SemiVariance(raster.num_pixels(), stride, extent);
    if (semi_variance.size() > 0)
      effective /=
          PixelsPerSample(std::clamp(1 - WhitenedMean(semi_variance, eigen), 0.0, 1.0), extent);
    stride *= extent;
  }
  return std::clamp(effective, 1.0, num_pixels);
}

}  // namespace gmmseg
