#include "segment/foreground.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "spatial/pieces.h"

namespace gmmseg {
namespace {

using Marks = std::vector<std::uint8_t>;  // per voxel

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
std::int64_t KeepLargestPiece(const Grid& grid, Marks& inside) {
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

// Leaves out the voxels that have at most this.
void LeaveOut(std::span<const float> intensities, double most, Marks& inside) {
  for (std::size_t i = 0; i < inside.size(); ++i) inside[i] = inside[i] && intensities[i] > most;
}

// What the background has at most, of these voxels from `least` to `most`.
double BackgroundMost(std::span<const float> intensities, const Marks& all, float least,
                      float most) {
  Marks above_least = all;
  LeaveOut(intensities, least, above_least);
  constexpr std::int64_t kBackgroundPart = 20;
  const std::int64_t num_all = std::ranges::count(all, 1);
  const std::int64_t num_least = num_all - std::ranges::count(above_least, 1);
  const bool is_cut_out = num_least * kBackgroundPart >= num_all;
  // Of what is cut out, the noise around a head is far darker than the rest; CSF is not so much.
  constexpr double kFarDarker = 0.1;
  const Split split = OtsuSplit(intensities, is_cut_out ? above_least : all, least, most);
  const bool has_noise = split.mean_below - least < kFarDarker * (split.mean_above - least);
  return is_cut_out && !has_noise ? double{least} : split.threshold;
}

}  // namespace

FoundForeground FindForeground(const Raster& raster, std::span<const float> intensities,
                               Foreground foreground, TissuePreset preset) {
  FoundForeground found;
  found.inside.resize(intensities.size());
  float least = INFINITY, most = -INFINITY;
  for (std::size_t i = 0; i < intensities.size(); ++i) {
    if (!raster.IsValid(static_cast<std::int64_t>(i))) continue;
    found.inside[i] = 1;
    ++found.num_inside;
    least = std::min(least, intensities[i]);
    most = std::max(most, intensities[i]);
  }
  if (foreground == Foreground::kGiven || !(most > least)) return found;
  const bool has_air = preset == TissuePreset::kCt && least <= kMostAir && most > kMostAir;
  found.threshold =
      has_air ? double{kMostAir} : BackgroundMost(intensities, found.inside, least, most);
  LeaveOut(intensities, *found.threshold, found.inside);
  found.num_left_out =
      KeepLargestPiece({raster.width(), raster.height(), raster.depth()}, found.inside);
  found.num_inside = std::ranges::count(found.inside, 1);
  return found;
}

}  // namespace gmmseg
