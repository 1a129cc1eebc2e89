#include "base/weighted_quantiles.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

namespace gmmseg {
namespace {

// The leading bits of a number whose order is that of the values.
std::uint32_t BucketOf(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  constexpr std::uint32_t kSign = std::uint32_t{1} << 31;
  return (bits & kSign ? ~bits : bits | kSign) >> 16;
}

constexpr std::size_t kNumBuckets = std::size_t{1} << 16;

using Weighted = std::pair<float, double>;

struct Bucket {
  double before = 0;  // the weight of all buckets below
  std::vector<Weighted> entries;
};

// Order statistics of weighted values.
class Ranks {
 public:
  Ranks(std::span<const float> values, std::span<const float> weights)
      : values_(values), weights_(weights), cumulative_(kNumBuckets), is_wanted_(kNumBuckets) {
    for (std::size_t i = 0; i < values.size(); ++i)
      if (weights[i] > 0) cumulative_[BucketOf(values[i])] += weights[i];
    for (std::size_t b = 1; b < cumulative_.size(); ++b) cumulative_[b] += cumulative_[b - 1];
  }

  double total() const { return cumulative_.back(); }

  // Asks for the value of that rank, from 0.
  void Want(double rank) {
    const std::size_t bucket = Find(rank);
    wanted_[bucket].before = bucket > 0 ? cumulative_[bucket - 1] : 0;
    is_wanted_[bucket] = true;
  }

  void Collect() {
    for (std::size_t i = 0; i < values_.size(); ++i)
      if (weights_[i] > 0)
        if (const std::uint32_t place = BucketOf(values_[i]); is_wanted_[place])
          wanted_[place].entries.emplace_back(values_[i], weights_[i]);
    for (auto& [place, bucket] : wanted_) std::ranges::sort(bucket.entries);
  }

  // Of a rank that was asked for before the values were collected.
  double ValueAt(double rank) const {
    const Bucket& bucket = wanted_.at(Find(rank));
    double seen = bucket.before;
    for (const auto& [value, weight] : bucket.entries)
      if ((seen += weight) > rank) return value;
    return bucket.entries.back().first;
  }

 private:
  // The first bucket with more weight up to its end than the rank.
  std::size_t Find(double rank) const {
    const auto found = std::ranges::upper_bound(cumulative_, rank);
    return std::min<std::size_t>(found - cumulative_.begin(), cumulative_.size() - 1);
  }

  std::span<const float> values_, weights_;
  std::vector<double> cumulative_;  // weight of each bucket and of those below
  std::map<std::size_t, Bucket> wanted_;
  std::vector<bool> is_wanted_;
};

}  // namespace

std::vector<double> WeightedQuantiles(std::span<const float> values, std::span<const float> weights,
                                      std::span<const double> probabilities) {
  Ranks ranks(values, weights);
  if (!(ranks.total() > 0)) return {};
  const double last = std::max(ranks.total() - 1, 0.0);
  const auto below = [last](double probability) { return std::floor(probability * last); };
  const auto above = [&](double probability) { return std::min(below(probability) + 1, last); };
  for (const double probability : probabilities) {
    ranks.Want(below(probability));
    ranks.Want(above(probability));
  }
  ranks.Collect();
  std::vector<double> quantiles;
  for (const double probability : probabilities) {
    const double low = ranks.ValueAt(below(probability)), high = ranks.ValueAt(above(probability));
    quantiles.push_back(low + (probability * last - below(probability)) * (high - low));
  }
  return quantiles;
}

}  // namespace gmmseg
