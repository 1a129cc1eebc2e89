#include "segment/potts_strength.h"

#include <algorithm>

#include "base/random.h"
#include "base/share.h"
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
  part.sums.num_valid = static_cast<double>(segmentation.num_valid);
  if (!NeedsPottsStrength(options_) || segmentation.num_valid == 0) return part;
  if (!options_.temper) part.sums.num_effective = EffectiveSamples(raster, segmentation.planes);
  const Guide guide = MakeGuide(segmentation);
  const SquaredSteps steps = MeasureSteps(guide.grid, guide.planes, guide.has_data.data());
  part.sums.sum_of_squares = steps.sum;
  part.sums.num_pairs = steps.num_pairs;
  if (options_.beta) return part;
  for (const auto& [hash, pixel] : ChoosePixels(segmentation.labels, identity))
    part.pixels.push_back({hash, PairsOf(guide.grid, steps, segmentation.labels, pixel)});
  return part;
}

PottsStrength::Sums& PottsStrength::Sums::operator+=(const Sums& other) {
  sum_of_squares += other.sum_of_squares;
  num_pairs += other.num_pairs;
  num_effective += other.num_effective;
  num_valid += other.num_valid;
  return *this;
}

void PottsStrength::Add(Part part, std::int64_t place) {
  sums_.Add(place, part.sums);
  pixels_.insert(pixels_.end(), part.pixels.begin(), part.pixels.end());
  KeepLowest(pixels_);
}

void PottsStrength::Unite(Ranks& ranks) {
  const auto bytes = [&] {
    ByteWriter writer;
    sums_.Put(writer, [](ByteWriter& to, const Sums& sums) { to.Put(sums); });
    writer.Put(pixels_);
    return writer.Take();
  };
  const auto join = [&](const std::string& others) {
    ByteReader reader(others);
    sums_.Join(TreeSum<Sums>::Get(reader, [](ByteReader& from) { return from.Next<Sums>(); }));
    const auto pixels = reader.Next<std::vector<HashedPixel>>();
    pixels_.insert(pixels_.end(), pixels.begin(), pixels.end());
    KeepLowest(pixels_);
  };
  const auto take = [&](const std::string& all) {
    sums_ = {};
    pixels_ = {};
    join(all);
  };
  gmmseg::Unite(ranks, bytes, join, take);
}

SmoothOptions PottsStrength::Settle() const {
  SmoothOptions settled = options_;
  if (settled.method != SmoothMethod::kPotts) return settled;
  settled.tolerance = 0;
  const Sums all = sums_.Total();
  if (!settled.contrast)
    settled.contrast = all.num_pairs > 0 ? all.sum_of_squares / all.num_pairs : 0;
  if (!settled.temper) settled.temper = all.num_valid > 0 ? all.num_effective / all.num_valid : 1;
  if (!settled.beta) {
    // In an order that is theirs alone, for their likelihoods are added up.
    std::vector<HashedPixel> sorted = pixels_;
    std::ranges::sort(sorted, {}, &HashedPixel::hash);
    std::vector<LabelledPairs> pixels;
    for (const HashedPixel& pixel : sorted) pixels.push_back(pixel.pairs);
    settled.beta = std::max(EstimateBeta(pixels, *settled.contrast, num_classes_), kLeastBeta);
  }
  return settled;
}

}  // namespace gmmseg
