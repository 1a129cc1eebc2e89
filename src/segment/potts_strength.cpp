#include "segment/potts_strength.h"

#include <algorithm>

#include "base/random.h"
#include "features/effective_samples.h"
#include "segment/guide.h"

namespace gmmseg {
namespace {

constexpr std::int64_t kMostPixels = 1 << 15;
constexpr std::uint64_t kPottsStream = 0x706f747473;  // apart from other uses of the seed
constexpr double kLeastBeta = 1e-9;  // which does nothing, where labels tell of no coupling

// Those of the lowest hashes stay.
template <typename Hashed>
void KeepLowest(std::vector<Hashed>& hashed) {
  if (std::ssize(hashed) <= kMostPixels) return;
  std::ranges::nth_element(hashed, hashed.begin() + kMostPixels, {}, &Hashed::hash);
  hashed.resize(kMostPixels);
}

struct HashedPlace {
  std::uint64_t hash;
  std::int64_t pixel;
};

std::vector<HashedPlace> ChoosePixels(const std::vector<std::uint16_t>& labels,
                                      std::uint64_t identity) {
  std::vector<HashedPlace> chosen;
  for (std::int64_t i = 0; i < std::ssize(labels); ++i)
    if (labels[i] > 0)
      chosen.push_back({Hash(identity, kPottsStream, static_cast<std::uint64_t>(i)), i});
  KeepLowest(chosen);
  return chosen;
}

}  // namespace

bool NeedsPottsStrength(const SmoothOptions& options) {
  return options.method == SmoothMethod::kPotts &&
         !(options.beta && options.temper && options.contrast);
}

PottsStrength::Part PottsStrength::Look(const Raster& raster, const Segmentation& segmentation,
                                        std::uint64_t identity) const {
  Part part;
  part.num_valid = static_cast<double>(segmentation.num_valid);
  if (!NeedsPottsStrength(options_) || segmentation.num_valid == 0) return part;
  if (!options_.temper) part.num_effective = EffectiveSamples(raster, segmentation.planes);
  const Guide guide = MakeGuide(segmentation);
  const SquaredSteps steps = MeasureSteps(guide.grid, guide.planes, guide.has_data.data());
  part.sum_of_squares = steps.sum;
  part.num_pairs = steps.num_pairs;
  if (options_.beta) return part;
  for (const auto& [hash, pixel] : ChoosePixels(segmentation.labels, identity))
    part.pixels.push_back({hash, PairsOf(guide.grid, steps, segmentation.labels, pixel)});
  return part;
}

void PottsStrength::Add(Part part) {
  all_.sum_of_squares += part.sum_of_squares;
  all_.num_pairs += part.num_pairs;
  all_.num_effective += part.num_effective;
  all_.num_valid += part.num_valid;
  all_.pixels.insert(all_.pixels.end(), part.pixels.begin(), part.pixels.end());
  KeepLowest(all_.pixels);
}

SmoothOptions PottsStrength::Settle() const {
  SmoothOptions settled = options_;
  if (settled.method != SmoothMethod::kPotts) return settled;
  settled.tolerance = 0;
  if (!settled.contrast)
    settled.contrast = all_.num_pairs > 0 ? all_.sum_of_squares / all_.num_pairs : 0;
  if (!settled.temper)
    settled.temper = all_.num_valid > 0 ? all_.num_effective / all_.num_valid : 1;
  if (!settled.beta) {
    std::vector<LabelledPairs> pixels;
    for (const HashedPixel& pixel : all_.pixels) pixels.push_back(pixel.pairs);
    settled.beta = std::max(EstimateBeta(pixels, *settled.contrast, num_classes_), kLeastBeta);
  }
  return settled;
}

}  // namespace gmmseg
