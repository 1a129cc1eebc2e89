// Samples: what the mixture engine looks at. N samples × D features as D planes of float, and one
// weight plane.
#pragma once

#include <gmmseg/aligned_buffer.h>

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace gmmseg {

// A run of features that share one covariance matrix per component. Features of different blocks
// are independent given the component. `temper` multiplies the block's log-density: 1 is the plain
// product of densities, 0 ignores the block. Reference: DESIGN, "colour + position"; a power
// posterior of one factor.
struct FeatureBlock {
  int first = 0;        // index of the block's first feature
  int size = 0;         // number of features, >= 1
  double temper = 1.0;  // >= 0

  bool operator==(const FeatureBlock&) const = default;
};

// How a plane relates to the user's units: plane = (value - offset) / scale. EM with full, tied and
// diagonal covariances does not depend on it; it keeps float arithmetic accurate for 16-bit and
// wildly scaled data. Each scale is a power of two and each offset a multiple of it where the data
// are integers, so that integers stay exact.
struct Standardization {
  Eigen::VectorXd offset;  // D
  Eigen::VectorXd scale;   // D, > 0

  static Standardization Identity(int num_features) {
    return {Eigen::VectorXd::Zero(num_features), Eigen::VectorXd::Ones(num_features)};
  }
};

// What becomes of a sample that lacks some of its values.
enum class MissingValues {
  kSkip,      // it is no sample
  kMarginal,  // it counts by the values that it has
};
// "skip", "marginal". ParseMissingValues throws ParameterError for any other word.
std::string_view ToString(MissingValues missing);
MissingValues ParseMissingValues(std::string_view word);

// Layout: plane d starts at Plane(d), 64-byte aligned, stride() floats apart; stride() is size()
// rounded up to an odd number of whole 16-float vectors. A sample with weight 0 (padding, nodata,
// outside a mask) contributes nothing, and its features are finite. Weights are finite and >= 0.
// A missing value stands in its plane as 0, which is near the mean once the planes are
// standardised, and MissingPattern tells that it is none.
class Samples {
 public:
  Samples() = default;
  // All features 0, all weights 1 (0 in the padding).
  Samples(std::int64_t num_samples, int num_features);

  // Copies N×D points of any range (up to ±1e150; differences below 1e-120 count as none) and
  // standardises them; a row with a NaN or an infinity, or less than 2^-60 of the largest weight,
  // gets weight 0; with kMarginal these are missing values, and a row of nothing else gets weight
  // 0. Throws ParameterError if D = 0, if a value is finite but beyond that range, or if `weights`
  // is neither empty nor N long, finite and >= 0.
  static Samples FromRows(const Eigen::Ref<const Eigen::MatrixXd>& rows,
                          const Eigen::VectorXd& weights = {},
                          MissingValues missing = MissingValues::kSkip);

  std::int64_t size() const { return size_; }
  std::int64_t stride() const { return stride_; }
  int num_features() const { return num_features_; }

  float* Plane(int d) { return planes_.data() + d * stride_; }
  const float* Plane(int d) const { return planes_.data() + d * stride_; }
  float* weights() { return weights_.data(); }
  const float* weights() const { return weights_.data(); }

  // What a weight of 1 stands for: weights() are the caller's divided by a power of two near the
  // largest.
  double weight_unit() const { return weight_unit_; }
  // Weights of any range, N of them, finite and >= 0, taken to that unit; less than 2^-60 of the
  // largest becomes 0.
  void SetWeights(std::span<const double> weights);
  // The same weights in another unit, a power of two.
  void SetWeightUnit(double unit);

  // Takes the NaNs of samples with a weight for missing values. Call it when the planes are filled,
  // before they are standardised. A sample that has no value gets weight 0.
  void MarkMissing();
  bool has_missing() const { return !patterns_.empty(); }
  // Samples of one pattern lack the same values: which pattern sample i is of, and the features
  // that each pattern has, ascending. The first pattern has all features.
  std::size_t MissingPattern(std::int64_t i) const { return has_missing() ? pattern_of_[i] : 0; }
  const std::vector<std::vector<int>>& missing_patterns() const { return patterns_; }
  bool IsMissing(std::int64_t i, int d) const;
  // N weights, 0 where feature d is missing: weights(), or `scratch` that has been filled with
  // them.
  const float* WeightsOfFeature(int d, AlignedBuffer<float>& scratch) const;

  const Standardization& standardization() const { return standardization_; }

  // Takes the planes, which hold plain values of any finite range, to zero mean and a standard
  // deviation in [1, 2) (weighted; a constant plane gets scale 1), in place. The same bits for any
  // number of threads.
  void Standardize();

  // Takes the planes, which hold plain values, to the scales and offsets of other samples. Values
  // that overflow there get weight 0.
  void StandardizeLike(const Standardization& standardization);

  // The samples at these places, in this order, with their weights and standardised alike.
  Samples At(std::span<const std::int64_t> places) const;

  // The values of sample i in the user's units.
  Eigen::VectorXd Value(std::int64_t i) const;

 private:
  // Plane d becomes (plane - offset) / scale.
  void Shift(int d, double offset, double scale);

  std::int64_t size_ = 0;
  std::int64_t stride_ = 0;
  int num_features_ = 0;
  AlignedBuffer<float> planes_;
  AlignedBuffer<float> weights_;
  Standardization standardization_;
  double weight_unit_ = 1;
  std::vector<std::vector<int>> patterns_;  // features that are there; empty where none is missing
  std::vector<std::uint32_t> pattern_of_;   // N, or none
};

}  // namespace gmmseg
