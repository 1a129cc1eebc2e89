#include <gmmseg/errors.h>
#include <gmmseg/samples.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "base/tile_loop.h"

namespace gmmseg {
namespace {

constexpr std::int64_t kLanes = kAlignment / sizeof(float);

// Whole vectors, an odd number of them: planes a power of two apart would lie over the same few
// places of the cache.
std::int64_t PlaneStride(std::int64_t n) { return ((n + kLanes - 1) / kLanes | 1) * kLanes; }

// Σ w · f(value) over one plane, the same for any number of threads: tiles are summed apart, then
// in order.
template <typename F>
double WeightedSum(const float* plane, const float* weights, std::int64_t n, const F& f) {
  std::vector<double> sums(NumTiles(n));
  ForEachTile(n, [&](std::int64_t tile, std::int64_t first, std::int64_t count) {
    double sum = 0;
    for (std::int64_t i = first; i < first + count; ++i)
      if (weights[i] > 0) sum += weights[i] * f(static_cast<double>(plane[i]));
    sums[tile] = sum;
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

// The largest power of two that is not above x; 1 for 0.
double PowerOfTwoBelow(double x) { return x > 0 ? std::exp2(std::floor(std::log2(x))) : 1.0; }

// The sums of a fit do not see what weighs less than this much of the heaviest (exact_sum.h), but
// standardisation would: such a sample could be left 1e20 deviations out, where squares overflow.
constexpr double kSmallestWeight = 0x1p-60;

// Differences below this count as none: a variance that the floor or a small weight makes smaller
// still would be no number above 0.
constexpr double kSmallestDifference = 1e-120;

// Takes a column into [-2, 2] in double, before it becomes float: 1e9 + small differences survive.
// The median is a centre that no outlier moves.
struct Centering {
  double center = 0, scale = 1;
  double operator()(double x) const { return (x - center) / scale; }
};

Centering CenterOf(const Eigen::Ref<const Eigen::VectorXd>& column, const float* weights) {
  std::vector<double> values;
  for (Eigen::Index i = 0; i < column.size(); ++i)
    if (weights[i] > 0) values.push_back(column[i]);
  if (values.empty()) return {};
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  const double center = *middle;
  double farthest = 0;
  for (const double x : values) farthest = std::max(farthest, std::abs(x - center));
  return {center, farthest < kSmallestDifference ? 1.0 : PowerOfTwoBelow(farthest)};
}

// The largest value whose square, a variance, is still a number.
void CheckRange(const Eigen::Ref<const Eigen::MatrixXd>& rows) {
  constexpr double kLargest = 1e150;
  for (Eigen::Index i = 0; i < rows.rows(); ++i)
    for (Eigen::Index d = 0; d < rows.cols(); ++d)
      if (std::isfinite(rows(i, d)) && std::abs(rows(i, d)) > kLargest)
        throw ParameterError("sample " + std::to_string(i) + ", feature " + std::to_string(d) +
                             " is beyond 1e150, where variances overflow; scale the data down");
}

void CheckWeights(const Eigen::VectorXd& weights, Eigen::Index n) {
  if (weights.size() != 0 && weights.size() != n)
    throw ParameterError("weights: " + std::to_string(weights.size()) + " for " +
                         std::to_string(n) + " samples; give one per sample, or none");
  for (Eigen::Index i = 0; i < weights.size(); ++i)
    if (!(weights[i] >= 0 && std::isfinite(weights[i])))
      throw ParameterError("weight of sample " + std::to_string(i) + " = " +
                           std::to_string(weights[i]) + "; must be finite and >= 0");
}

}  // namespace

Samples::Samples(std::int64_t num_samples, int num_features)
    : size_(num_samples), stride_(PlaneStride(num_samples)), num_features_(num_features) {
  if (num_features < 1)
    throw ParameterError("number of features = " + std::to_string(num_features) + "; must be >= 1");
  if (num_samples < 0)
    throw ParameterError("number of samples = " + std::to_string(num_samples) + "; must be >= 0");
  planes_ = AlignedBuffer<float>(static_cast<std::size_t>(stride_) * num_features_);
  weights_ = AlignedBuffer<float>(static_cast<std::size_t>(stride_));
  std::fill_n(weights_.data(), size_, 1.0f);
  standardization_ = Standardization::Identity(num_features);
}

void Samples::Standardize() {
  double total = 0;
  for (std::int64_t i = 0; i < size_; ++i) total += weights_[i];
  if (total == 0) return;
  for (int d = 0; d < num_features_; ++d) {
    const float* plane = Plane(d);
    const double mean = WeightedSum(plane, weights(), size_, [](double x) { return x; }) / total;
    const double variance =
        WeightedSum(plane, weights(), size_, [mean](double x) { return (x - mean) * (x - mean); }) /
        total;
    const double scale = PowerOfTwoBelow(std::sqrt(variance));
    // An offset on a coarse grid keeps integers exact and costs nothing: the kernels centre on each
    // mean anyway.
    const double offset = std::round(mean / scale) * scale;
    Shift(d, offset, scale);
  }
}

void Samples::StandardizeLike(const Standardization& standardization) {
  for (int d = 0; d < num_features_; ++d)
    Shift(d, standardization.offset[d], standardization.scale[d]);
  for (int d = 0; d < num_features_; ++d)
    for (std::int64_t i = 0; i < size_; ++i)
      if (!std::isfinite(Plane(d)[i])) weights_[i] = Plane(d)[i] = 0;
}

void Samples::Shift(int d, double offset, double scale) {
  float* plane = Plane(d);
  ForEachTile(size_, [&](std::int64_t, std::int64_t first, std::int64_t count) {
    for (std::int64_t i = first; i < first + count; ++i)
      plane[i] = weights_[i] > 0 ? static_cast<float>((plane[i] - offset) / scale) : 0.0f;
  });
  standardization_.offset[d] += offset * standardization_.scale[d];
  standardization_.scale[d] *= scale;
}

Samples Samples::FromRows(const Eigen::Ref<const Eigen::MatrixXd>& rows,
                          const Eigen::VectorXd& weights) {
  CheckWeights(weights, rows.rows());
  CheckRange(rows);
  Samples samples(rows.rows(), static_cast<int>(rows.cols()));
  const Eigen::VectorXd of_finite = Eigen::VectorXd::NullaryExpr(rows.rows(), [&](Eigen::Index i) {
    const double weight = weights.size() ? weights[i] : 1.0;
    return rows.row(i).allFinite() ? weight : 0.0;
  });
  if (rows.rows() > 0) samples.weight_unit_ = PowerOfTwoBelow(of_finite.maxCoeff());
  for (Eigen::Index i = 0; i < rows.rows(); ++i) {
    const double weight = of_finite[i] / samples.weight_unit_;
    samples.weights()[i] = weight >= kSmallestWeight ? static_cast<float>(weight) : 0.0f;
  }
  for (int d = 0; d < samples.num_features(); ++d) {
    const Centering centering = CenterOf(rows.col(d), samples.weights());
    for (Eigen::Index i = 0; i < rows.rows(); ++i)
      samples.Plane(d)[i] =
          samples.weights()[i] > 0 ? static_cast<float>(centering(rows(i, d))) : 0.0f;
    samples.standardization_.offset[d] = centering.center;
    samples.standardization_.scale[d] = centering.scale;
  }
  samples.Standardize();
  return samples;
}

Samples Samples::At(std::span<const std::int64_t> places) const {
  Samples picked(std::ssize(places), num_features_);
  picked.standardization_ = standardization_;
  picked.weight_unit_ = weight_unit_;
  for (std::size_t j = 0; j < places.size(); ++j) picked.weights()[j] = weights()[places[j]];
  for (int d = 0; d < num_features_; ++d)
    for (std::size_t j = 0; j < places.size(); ++j) picked.Plane(d)[j] = Plane(d)[places[j]];
  return picked;
}

Eigen::VectorXd Samples::Value(std::int64_t i) const {
  Eigen::VectorXd value(num_features_);
  for (int d = 0; d < num_features_; ++d)
    value[d] = Plane(d)[i] * standardization_.scale[d] + standardization_.offset[d];
  return value;
}

}  // namespace gmmseg
