#include "mixture/initialize.h"

#include <gmmseg/errors.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <string>
#include <unordered_set>
#include <utility>

#include "base/random.h"
#include "mixture/partition.h"

namespace gmmseg {
namespace {

// Uses of one seed that must not share draws.
enum Stream : std::uint64_t { kSubsampleStream = 1, kKMeansStream = 1000, kRandomStream = 2000000 };

// In plane units: nearer samples are one point to every component, whose deviation is at least
// 1e-5.
constexpr float kResolution = 0x1p-30f;

constexpr std::int64_t kMaxKMeansPoints = 4096;
constexpr std::int64_t kMaxWardPoints = 2048;

std::vector<std::int64_t> Present(const Samples& samples) {
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < samples.size(); ++i)
    if (samples.weights()[i] > 0) indices.push_back(i);
  return indices;
}

struct DrawnSample {
  std::int64_t index;
  float weight;
};

// `size` draws in proportion to the weights: the weights laid end to end are cut into as many equal
// stretches, and the sample at a hashed place in each is drawn. One drawn m times gets the weight
// m. Ascending.
std::vector<DrawnSample> DrawByWeight(const Samples& samples, std::int64_t size,
                                      std::uint64_t seed) {
  const auto n = static_cast<double>(size);
  const double total = std::accumulate(samples.weights(), samples.weights() + samples.size(), 0.0);
  const auto place = [&](std::int64_t j) {
    return (static_cast<double>(j) + ToUnit(Hash(seed, kSubsampleStream, j))) / n * total;
  };
  std::vector<DrawnSample> drawn;
  std::int64_t next = 0;
  double next_place = place(0), end = 0;
  for (std::int64_t i = 0; i < samples.size() && next < size; ++i) {
    end += samples.weights()[i];
    const std::int64_t first = next;
    while (next < size && next_place < end) next_place = place(++next);
    if (next > first) drawn.push_back({i, static_cast<float>(next - first)});
  }
  return drawn;
}

std::vector<DrawnSample> Draw(const Samples& samples, std::int64_t size, std::uint64_t seed) {
  if (CountPresent(samples) > size) return DrawByWeight(samples, size, seed);
  std::vector<DrawnSample> all;
  for (const std::int64_t i : Present(samples)) all.push_back({i, samples.weights()[i]});
  return all;
}

// One M-step from hard memberships, seen from the origin of the plane units.
GaussianMixture FromPartition(const Samples& samples, const std::vector<int>& partition,
                              const MaximizeRules& rules) {
  const int num_clusters = *std::max_element(partition.begin(), partition.end()) + 1;
  const int num_features = samples.num_features();
  GaussianMixture origin{rules.covariance_type, rules.blocks,
                         Eigen::VectorXd::Constant(num_clusters, 1.0 / num_clusters),
                         Eigen::MatrixXd::Zero(num_clusters, num_features),
                         std::vector<Eigen::MatrixXd>(num_clusters, rules.floor)};
  MixtureStats stats(origin);
  Eigen::VectorXd x(num_features);
  for (std::int64_t i = 0; i < samples.size(); ++i) {
    const double weight = samples.weights()[i];
    for (int d = 0; d < num_features; ++d) x[d] = samples.Plane(d)[i];
    stats.AddTotals(weight, 0);
    stats.AddComponent(partition[i], weight, weight * x, weight * x * x.transpose());
  }
  MaximizeResult step = Maximize(stats, rules, NumPoints(samples));
  std::vector<int> kept;
  for (int k = 0; k < num_clusters; ++k)
    if (std::find(step.vanished.begin(), step.vanished.end(), k) == step.vanished.end())
      kept.push_back(k);
  GaussianMixture model = Reordered(step.model, kept);
  model.weights /= model.weights.sum();
  return model;
}

// Distinct random samples as means, drawn in proportion to their weights, and the covariance of all
// samples for each.
GaussianMixture RandomModel(const Samples& samples, int num_components, const MaximizeRules& rules,
                            std::uint64_t seed, int restart) {
  // Ascending by exponential draws of rate w: each next one is any of those left in proportion to
  // the weights (Efraimidis, Spirakis 2006).
  std::vector<std::pair<double, std::int64_t>> order;
  for (const std::int64_t i : Present(samples)) {
    const double uniform = ToUnit(Hash(seed, kRandomStream + restart, i));
    order.emplace_back(-std::log1p(-uniform) / samples.weights()[i], i);
  }
  std::sort(order.begin(), order.end());
  Samples shuffled(static_cast<std::int64_t>(order.size()), samples.num_features());
  for (std::size_t i = 0; i < order.size(); ++i)
    for (int d = 0; d < samples.num_features(); ++d)
      shuffled.Plane(d)[i] = samples.Plane(d)[order[i].second];
  GaussianMixture model = PointMasses(DistinctSamples(shuffled, num_components), rules);
  const GaussianMixture whole = FromPartition(samples, std::vector<int>(samples.size(), 0), rules);
  std::fill(model.covariances.begin(), model.covariances.end(), whole.covariances[0]);
  return model;
}

ClusterPoints InMetric(const Samples& points, Metric metric, const MaximizeRules& rules) {
  switch (metric) {
    case Metric::kWhitened:
      return Whiten(points, rules.blocks);
    case Metric::kScaled:
      return ScaleBlocks(points, rules.blocks);
    case Metric::kSphere:
      break;
  }
  return ScaleToSphere(points, rules.blocks, rules.sphere);
}

}  // namespace

std::int64_t CountPresent(const Samples& samples) {
  return std::count_if(samples.weights(), samples.weights() + samples.size(),
                       [](float w) { return w > 0; });
}

Samples WholeSamples(const Samples& samples) {
  std::vector<std::int64_t> places;
  for (const std::int64_t i : Present(samples))
    if (samples.MissingPattern(i) == 0) places.push_back(i);
  return samples.At(places);
}

double NumPoints(const Samples& samples) {
  return std::max(static_cast<double>(CountPresent(samples)),
                  std::accumulate(samples.weights(), samples.weights() + samples.size(), 0.0));
}

Samples Subsample(const Samples& samples, std::int64_t size, std::uint64_t seed) {
  const std::vector<DrawnSample> drawn = Draw(samples, size, seed);
  std::vector<std::int64_t> places;
  for (const DrawnSample& sample : drawn) places.push_back(sample.index);
  Samples subsample = samples.At(places);
  for (std::size_t j = 0; j < drawn.size(); ++j) subsample.weights()[j] = drawn[j].weight;
  return subsample;
}

Eigen::MatrixXd DistinctSamples(const Samples& samples, int limit) {
  const int num_features = samples.num_features();
  std::unordered_set<std::string> seen;
  std::string key(num_features * sizeof(float), '\0'), previous;
  std::vector<std::int64_t> found;
  for (std::int64_t i = 0; i < samples.size() && static_cast<int>(found.size()) < limit; ++i) {
    if (!(samples.weights()[i] > 0) || samples.MissingPattern(i) > 0) continue;
    for (int d = 0; d < num_features; ++d) {
      const float value = std::nearbyint(samples.Plane(d)[i] / kResolution) + 0.0f;  // no -0
      std::memcpy(key.data() + d * sizeof(float), &value, sizeof value);
    }
    if (key == previous) continue;
    previous = key;
    if (seen.insert(key).second) found.push_back(i);
  }
  const auto agrees = [&](std::int64_t i, std::int64_t other) {
    for (int d = 0; d < num_features; ++d)
      if (!samples.IsMissing(i, d) && !samples.IsMissing(other, d) &&
          std::abs(samples.Plane(d)[i] - samples.Plane(d)[other]) > kResolution)
        return false;
    return true;
  };
  for (std::int64_t i = 0; samples.has_missing() && i < samples.size(); ++i)
    if (samples.weights()[i] > 0 && static_cast<int>(found.size()) < limit &&
        std::ranges::none_of(found, [&](std::int64_t other) { return agrees(i, other); }))
      found.push_back(i);
  Eigen::MatrixXd points(found.size(), num_features);
  for (std::size_t j = 0; j < found.size(); ++j)
    for (int d = 0; d < num_features; ++d) points(j, d) = samples.Plane(d)[found[j]];
  return points;
}

GaussianMixture PointMasses(const Eigen::MatrixXd& points, const MaximizeRules& rules) {
  const Eigen::Index n = points.rows();
  return {rules.covariance_type, rules.blocks,
          Eigen::VectorXd::Constant(n, 1.0 / static_cast<double>(n)), points,
          std::vector<Eigen::MatrixXd>(n, SmallestCovariance(rules))};
}

GaussianMixture InitialModel(const Samples& subsample, InitMethod method, Metric metric,
                             int num_components, const MaximizeRules& rules, std::uint64_t seed,
                             int restart) {
  if (method == InitMethod::kAuto) throw InternalError("a start needs one method");
  if (method == InitMethod::kRandom)
    return RandomModel(subsample, num_components, rules, seed, restart);
  const bool ward = method == InitMethod::kHierarchical;
  const std::int64_t size =
      std::max<std::int64_t>(ward ? kMaxWardPoints : kMaxKMeansPoints, num_components);
  const Samples points = Subsample(subsample, size, Mix(seed + restart));
  const ClusterPoints in_metric = InMetric(points, metric, rules);
  const std::vector<int> partition =
      ward
          ? WardPartition(in_metric, std::min<int>(num_components, static_cast<int>(points.size())))
          : KMeansPartition(in_metric, num_components, seed, kKMeansStream + restart);
  return FromPartition(points, partition, rules);
}

}  // namespace gmmseg
