#include "segment/foreground.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "spatial/pieces.h"

namespace gmmseg {
namespace {

// Two parts of the intensities, and their means.
struct Split {
  double threshold = 0, mean_below = 0, mean_above = 0;
};

Split OtsuSplit(std::span<const float> intensities, std::span<const std::uint8_t> inside,
                float least, float most) {
  constexpr int kSteps = 512;
  const double step = (double{most} - least) / kSteps;
  std::array<double, kSteps> counts{};
  double total = 0, sum = 0;
  for (std::size_t i = 0; i < intensities.size(); ++i) {
    if (!inside[i]) continue;
    const int at = std::min(kSteps - 1, static_cast<int>((intensities[i] - least) / step));
    ++counts[at];
    ++total;
    sum += at;
  }
  double below = 0, sum_below = 0, best = -1;
  Split split;
  for (int at = 0; at + 1 < kSteps; ++at) {
    below += counts[at];
    sum_below += counts[at] * at;
    if (below == 0 || below == total) continue;
    const double apart = sum_below / below - (sum - sum_below) / (total - below);
    const double between = below * (total - below) * apart * apart;
    if (between > best) {
      best = between;
      split = {least + (at + 1) * step, least + (sum_below / below + 0.5) * step,
               least + ((sum - sum_below) / (total - below) + 0.5) * step};
    }
  }
  return split;
}

// Takes all but the largest connected piece away; returns how many voxels these are.
std::int64_t KeepLargestPiece(const Grid& grid, std::vector<std::uint8_t>& inside) {
  std::vector<std::uint16_t> labels(inside.begin(), inside.end());
  const Pieces pieces = FindPieces(grid, labels);
  if (pieces.num_pieces() < 2) return 0;
  const auto largest = std::ranges::max_element(pieces.sizes) - pieces.sizes.begin() + 1;
  std::int64_t left_out = 0;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (!inside[i] || pieces.of_pixel[i] == largest) continue;
    inside[i] = 0;
    ++left_out;
  }
  return left_out;
}

}  // namespace

FoundForeground FindForeground(const Raster& raster, std::span<const float> intensities,
                               Foreground foreground) {
  FoundForeground found;
  found.inside.resize(intensities.size());
  std::int64_t num_valid = 0;
  float least = INFINITY, most = -INFINITY;
  for (std::size_t i = 0; i < intensities.size(); ++i) {
    if (!raster.IsValid(static_cast<std::int64_t>(i))) continue;
    found.inside[i] = 1;
    ++num_valid;
    least = std::min(least, intensities[i]);
    most = std::max(most, intensities[i]);
  }
  found.num_inside = num_valid;
  if (foreground == Foreground::kGiven || !(most > least)) return found;
  std::int64_t num_least = 0;
  for (std::size_t i = 0; i < intensities.size(); ++i)
    num_least += found.inside[i] && intensities[i] == least;
  constexpr std::int64_t kBackgroundPart = 20;
  const bool is_cut_out = num_least * kBackgroundPart >= num_valid;
  if (is_cut_out)
    for (std::size_t i = 0; i < intensities.size(); ++i)
      found.inside[i] = found.inside[i] && intensities[i] > least;
  // Of what is cut out, the noise around a head is far darker than the rest; CSF is not so much.
  constexpr double kFarDarker = 0.1;
  const Split split = OtsuSplit(intensities, found.inside, least, most);
  const bool has_noise = split.mean_below - least < kFarDarker * (split.mean_above - least);
  found.threshold = is_cut_out && !has_noise ? double{least} : split.threshold;
  for (std::size_t i = 0; i < intensities.size(); ++i)
    found.inside[i] = found.inside[i] && intensities[i] > *found.threshold;
  found.num_left_out =
      KeepLargestPiece({raster.width(), raster.height(), raster.depth()}, found.inside);
  found.num_inside = std::ranges::count(found.inside, 1);
  return found;
}

}  // namespace gmmseg
