#include <gmmseg/contingency_table.h>

#include <algorithm>
#include <cmath>

#include "base/assignment.h"

namespace gmmseg {
namespace {

using Regions = std::vector<ContingencyTable::Region>;

// Sums over the pairs of regions that share pixels: value(n_pt, n_p, n_t).
template <typename Value>
double SumOverlaps(const ContingencyTable& table, const Value& value) {
  double sum = 0;
  for (const ContingencyTable::Overlap& overlap : table.overlaps())
    sum += value(static_cast<double>(overlap.pixels),
                 static_cast<double>(table.predictions()[overlap.prediction].pixels),
                 static_cast<double>(table.truths()[overlap.truth].pixels));
  return sum;
}

double Pairs(std::int64_t n) {
  const auto pixels = static_cast<double>(n);
  return pixels * (pixels - 1) / 2;
}

// Pairs of pixels that are together.
struct PairSums {
  double all = 0, in_prediction = 0, in_truth = 0, in_both = 0;

  explicit PairSums(const ContingencyTable& table) : all(Pairs(table.num_pixels())) {
    for (const auto& region : table.predictions()) in_prediction += Pairs(region.pixels);
    for (const auto& region : table.truths()) in_truth += Pairs(region.pixels);
    for (const auto& overlap : table.overlaps()) in_both += Pairs(overlap.pixels);
  }
};

double Entropy(const Regions& regions, double num_pixels) {
  double entropy = 0;
  for (const auto& region : regions) {
    const double share = static_cast<double>(region.pixels) / num_pixels;
    entropy -= share * std::log2(share);
  }
  return entropy;
}

}  // namespace

std::vector<double> BestOverlaps(const ContingencyTable& table) {
  std::vector<double> best(table.truths().size());
  for (const auto& [prediction, truth, pixels] : table.overlaps()) {
    const std::int64_t either =
        table.predictions()[prediction].pixels + table.truths()[truth].pixels - pixels;
    best[truth] = std::max(best[truth], static_cast<double>(pixels) / static_cast<double>(either));
  }
  return best;
}

double SegmentationCovering(const ContingencyTable& table) {
  const std::vector<double> best = BestOverlaps(table);
  double sum = 0;
  for (std::size_t t = 0; t < best.size(); ++t)
    sum += best[t] * static_cast<double>(table.truths()[t].pixels);
  return sum / static_cast<double>(table.num_pixels());
}

double RandIndex(const ContingencyTable& table) {
  const PairSums pairs(table);
  if (pairs.all == 0) return 1;
  return (pairs.all + 2 * pairs.in_both - pairs.in_prediction - pairs.in_truth) / pairs.all;
}

double AdjustedRandIndex(const ContingencyTable& table) {
  const PairSums pairs(table);
  if (pairs.all == 0) return 1;
  const double by_chance = pairs.in_prediction * pairs.in_truth / pairs.all;
  const double most = (pairs.in_prediction + pairs.in_truth) / 2;
  // Both are one region, or both have a region for each pixel.
  if (most == by_chance) return 1;
  return (pairs.in_both - by_chance) / (most - by_chance);
}

double VariationOfInformation(const ContingencyTable& table) {
  const double sum = SumOverlaps(table, [](double both, double predicted, double truth) {
    return -both * (std::log2(both / predicted) + std::log2(both / truth));
  });
  return std::max(sum, 0.0) / static_cast<double>(table.num_pixels());  // no -0
}

double NormalizedMutualInformation(const ContingencyTable& table) {
  const auto n = static_cast<double>(table.num_pixels());
  const double entropies = Entropy(table.predictions(), n) + Entropy(table.truths(), n);
  if (entropies == 0) return 1;
  const double information = SumOverlaps(table, [n](double both, double predicted, double truth) {
    return both / n * (std::log2(both / predicted) + std::log2(n / truth));
  });
  return std::clamp(2 * information / entropies, 0.0, 1.0);
}

std::optional<std::vector<int>> MatchRegions(const ContingencyTable& table) {
  constexpr double kMostSteps = 4e9;
  const auto num_predictions = std::ssize(table.predictions());
  const auto num_truths = std::ssize(table.truths());
  if (static_cast<double>(num_predictions) * static_cast<double>(num_truths) *
          static_cast<double>(std::min(num_predictions, num_truths)) >
      kMostSteps)
    return std::nullopt;
  Eigen::MatrixXd costs = Eigen::MatrixXd::Zero(num_predictions, num_truths);
  for (const auto& [prediction, truth, pixels] : table.overlaps())
    costs(prediction, truth) = -static_cast<double>(pixels);
  std::vector<int> matches = CheapestAssignment(costs);
  for (std::size_t p = 0; p < matches.size(); ++p)
    if (matches[p] >= 0 && costs(static_cast<Eigen::Index>(p), matches[p]) == 0) matches[p] = -1;
  return matches;
}

double MatchedAccuracy(const ContingencyTable& table, const std::vector<int>& matches) {
  std::int64_t matched = 0;
  for (const auto& [prediction, truth, pixels] : table.overlaps())
    if (matches[prediction] == truth) matched += pixels;
  return static_cast<double>(matched) / static_cast<double>(table.num_pixels());
}

}  // namespace gmmseg
