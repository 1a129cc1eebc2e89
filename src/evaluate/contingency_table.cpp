#include <gmmseg/contingency_table.h>
#include <gmmseg/errors.h>

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>

#include "base/text.h"

namespace gmmseg {
namespace {

template <typename Map>
std::string SizeText(const Map& map) {
  return std::to_string(map.width) + " x " + std::to_string(map.height) +
         (map.depth > 1 ? " x " + std::to_string(map.depth) : "") + " pixels";
}

template <typename Map>
void CheckHolds(const Map& map) {
  if (map.width < 1 || map.height < 1 || map.depth < 1 ||
      map.labels.size() != static_cast<std::uint64_t>(map.width * map.height * map.depth))
    throw ParameterError(Format("a label map holds %zu labels; it must hold ", map.labels.size()) +
                         SizeText(map) + ", at least one");
}

template <typename Map>
void CheckSizes(const Map& prediction, const LabelMap& truth) {
  if (prediction.width != truth.width || prediction.height != truth.height ||
      prediction.depth != truth.depth)
    throw ParameterError("the prediction has " + SizeText(prediction) + ", the truth " +
                         SizeText(truth) + "; they must be of one image");
  CheckHolds(prediction);
  CheckHolds(truth);
}

std::uint64_t PairOf(std::uint32_t prediction, std::uint16_t truth) {
  return static_cast<std::uint64_t>(prediction) << 16 | truth;
}

using PairCounts = std::unordered_map<std::uint64_t, std::int64_t>;

// Neighbours mostly have the same labels: a run of them is added at once.
template <typename Map>
PairCounts CountPairs(const Map& prediction, const LabelMap& truth) {
  PairCounts counts;
  const std::size_t size = truth.labels.size();
  for (std::size_t i = 0; i < size;) {
    const std::uint64_t pair = PairOf(prediction.labels[i], truth.labels[i]);
    const std::size_t begin = i;
    do ++i;
    while (i < size && PairOf(prediction.labels[i], truth.labels[i]) == pair);
    counts[pair] += static_cast<std::int64_t>(i - begin);
  }
  return counts;
}

}  // namespace

ContingencyTable::ContingencyTable(const LabelMap& prediction, const LabelMap& truth,
                                   std::optional<std::uint16_t> ignored) {
  Count(prediction, truth, ignored);
}

ContingencyTable::ContingencyTable(const RegionMap& prediction, const LabelMap& truth,
                                   std::optional<std::uint16_t> ignored) {
  Count(prediction, truth, ignored);
}

template <typename Map>
void ContingencyTable::Count(const Map& prediction, const LabelMap& truth,
                             std::optional<std::uint16_t> ignored) {
  CheckSizes(prediction, truth);
  const PairCounts counts = CountPairs(prediction, truth);
  std::vector<std::pair<std::uint64_t, std::int64_t>> pairs(counts.begin(), counts.end());
  std::erase_if(pairs, [&](const auto& pair) {
    return ignored && static_cast<std::uint16_t>(pair.first) == *ignored;
  });
  if (pairs.empty())
    throw ParameterError(
        Format("every pixel of the truth is %d, which is ignored; leave this truth away, or ignore "
               "another label",
               *ignored));
  std::ranges::sort(pairs);

  std::map<std::uint16_t, std::int64_t> truths;
  for (const auto& [pair, pixels] : pairs) truths[static_cast<std::uint16_t>(pair)] += pixels;
  for (const auto& [label, pixels] : truths) truths_.push_back({label, pixels});
  for (const auto& [pair, pixels] : pairs) {
    const auto predicted = static_cast<std::uint32_t>(pair >> 16);
    if (predictions_.empty() || predictions_.back().label != predicted)
      predictions_.push_back({predicted, 0});
    predictions_.back().pixels += pixels;
    const auto region =
        std::ranges::lower_bound(truths_, static_cast<std::uint16_t>(pair), {}, &Region::label);
    overlaps_.push_back({static_cast<int>(predictions_.size()) - 1,
                         static_cast<int>(region - truths_.begin()), pixels});
    num_pixels_ += pixels;
  }
}

}  // namespace gmmseg
