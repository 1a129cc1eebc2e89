#include <gmmseg/errors.h>
#include <gmmseg/samples.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>

#include "base/tile_loop.h"
#include "base/words.h"

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
    if (weights[i] > 0 && std::isfinite(column[i])) values.push_back(column[i]);
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

void CheckWeights(std::span<const double> weights, std::int64_t n) {
  if (std::ssize(weights) != n)
    throw ParameterError("weights: " + std::to_string(weights.size()) + " for " +
                         std::to_string(n) + " samples; give one per sample, or none");
  for (std::int64_t i = 0; i < n; ++i)
    if (!(weights[i] >= 0 && std::isfinite(weights[i])))
      throw ParameterError("weight of sample " + std::to_string(i) + " = " +
                           std::to_string(weights[i]) + "; must be finite and >= 0");
}

constexpr Word<MissingValues> kMissingWords[] = {{MissingValues::kSkip, "skip"},
                                                 {MissingValues::kMarginal, "marginal"}};

// Where `has` is not 0, ascending.
std::vector<int> PlacesOf(const std::vector<char>& has) {
  std::vector<int> places;
  for (std::size_t d = 0; d < has.size(); ++d)
    if (has[d]) places.push_back(static_cast<int>(d));
  return places;
}

}  // namespace

std::string_view ToString(MissingValues missing) { return ToWord(missing, kMissingWords); }
MissingValues ParseMissingValues(std::string_view word) {
  return FromWord(word, kMissingWords, "missing values");
}

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

void Samples::SetWeights(std::span<const double> weights) {
  CheckWeights(weights, size_);
  if (size_ == 0) return;
  weight_unit_ = PowerOfTwoBelow(*std::ranges::max_element(weights));
  for (std::int64_t i = 0; i < size_; ++i) {
    const double weight = weights[i] / weight_unit_;
    weights_[i] = weight >= kSmallestWeight ? static_cast<float>(weight) : 0.0f;
  }
}

void Samples::SetWeightUnit(double unit) {
  const auto factor = static_cast<float>(weight_unit_ / unit);
  for (std::int64_t i = 0; i < size_; ++i) weights_[i] *= factor;
  weight_unit_ = unit;
}

void Samples::MarkMissing() {
  std::vector<char> has(num_features_);
  std::map<std::vector<char>, std::uint32_t> known = {{std::vector<char>(num_features_, 1), 0}};
  std::vector<std::uint32_t> pattern_of(size_);
  for (std::int64_t i = 0; i < size_; ++i) {
    if (!(weights_[i] > 0)) continue;
    for (int d = 0; d < num_features_; ++d) {
      has[d] = !std::isnan(Plane(d)[i]);
      if (!has[d]) Plane(d)[i] = 0;
    }
    if (std::ranges::count(has, 1) == 0)
      weights_[i] = 0;
    else
      pattern_of[i] = known.emplace(has, static_cast<std::uint32_t>(known.size())).first->second;
  }
  if (known.size() == 1) return;
  patterns_.resize(known.size());
  for (const auto& [flags, pattern] : known) patterns_[pattern] = PlacesOf(flags);
  pattern_of_ = std::move(pattern_of);
}

bool Samples::IsMissing(std::int64_t i, int d) const {
  return has_missing() && !std::ranges::binary_search(patterns_[pattern_of_[i]], d);
}

const float* Samples::WeightsOfFeature(int d, AlignedBuffer<float>& scratch) const {
  if (!has_missing()) return weights();
  std::vector<char> has;
  for (const std::vector<int>& features : patterns_)
    has.push_back(std::ranges::binary_search(features, d));
  scratch = AlignedBuffer<float>(size_);
  for (std::int64_t i = 0; i < size_; ++i) scratch[i] = has[pattern_of_[i]] ? weights_[i] : 0.0f;
  return scratch.data();
}

void Samples::Standardize() {
  AlignedBuffer<float> scratch;
  for (int d = 0; d < num_features_; ++d) {
    const float *plane = Plane(d), *weights = WeightsOfFeature(d, scratch);
    const double total = std::accumulate(weights, weights + size_, 0.0);
    if (total == 0) continue;
    const double mean = WeightedSum(plane, weights, size_, [](double x) { return x; }) / total;
    const double variance =
        WeightedSum(plane, weights, size_, [mean](double x) { return (x - mean) * (x - mean); }) /
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
  AlignedBuffer<float> scratch;
  const float* weights = WeightsOfFeature(d, scratch);
  ForEachTile(size_, [&](std::int64_t, std::int64_t first, std::int64_t count) {
    for (std::int64_t i = first; i < first + count; ++i)
      plane[i] = weights[i] > 0 ? static_cast<float>((plane[i] - offset) / scale) : 0.0f;
  });
  standardization_.offset[d] += offset * standardization_.scale[d];
  standardization_.scale[d] *= scale;
}

Samples Samples::FromRows(const Eigen::Ref<const Eigen::MatrixXd>& rows,
                          const Eigen::VectorXd& weights, MissingValues missing) {
  if (weights.size() != 0)
    CheckWeights({weights.data(), weights.data() + weights.size()}, rows.rows());
  CheckRange(rows);
  Samples samples(rows.rows(), static_cast<int>(rows.cols()));
  const auto counts = [&](Eigen::Index i) {
    const auto is_finite = rows.row(i).array().isFinite();
    return missing == MissingValues::kMarginal ? is_finite.any() : is_finite.all();
  };
  std::vector<double> of_samples(rows.rows());
  for (Eigen::Index i = 0; i < rows.rows(); ++i)
    if (counts(i)) of_samples[i] = weights.size() ? weights[i] : 1.0;
  samples.SetWeights(of_samples);
  for (int d = 0; d < samples.num_features(); ++d) {
    const Centering centering = CenterOf(rows.col(d), samples.weights());
    for (Eigen::Index i = 0; i < rows.rows(); ++i) {
      const double value = std::isfinite(rows(i, d)) ? rows(i, d) : std::nan("");
      samples.Plane(d)[i] = samples.weights()[i] > 0 ? static_cast<float>(centering(value)) : 0.0f;
    }
    samples.standardization_.offset[d] = centering.center;
    samples.standardization_.scale[d] = centering.scale;
  }
  samples.MarkMissing();
  samples.Standardize();
  return samples;
}

Samples Samples::At(std::span<const std::int64_t> places) const {
  Samples picked(std::ssize(places), num_features_);
  picked.standardization_ = standardization_;
  picked.weight_unit_ = weight_unit_;
  picked.patterns_ = patterns_;
  if (has_missing())
    for (const std::int64_t i : places) picked.pattern_of_.push_back(pattern_of_[i]);
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
