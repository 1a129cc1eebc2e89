#include "features/palette.h"

#include <gmmseg/errors.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>
#include <type_traits>
#include <utility>

#include "base/tile_loop.h"

namespace gmmseg {
namespace {

constexpr double kMaxKeys = 0x1p26;

// visitor(pointer to the first value of band b), which holds integers.
template <typename Visitor>
void VisitIntegers(const Raster& raster, int b, const Visitor& visitor) {
  raster.VisitBand(b, [&](const auto* values) {
    if constexpr (std::is_integral_v<std::remove_cvref_t<decltype(*values)>>)
      visitor(values);
    else
      throw InternalError("band " + std::to_string(b) + " is float and has no palette");
  });
}

// Values that an integer band can hold, be they above its white.
std::size_t NumValues(const Raster& raster) {
  return raster.type() == SampleType::kUint8 ? 256 : 65536;
}

// Values of a band, ascending.
using Levels = std::vector<std::uint32_t>;

Levels PossibleLevels(const Raster& raster) {
  Levels levels(NumValues(raster));
  std::iota(levels.begin(), levels.end(), 0u);
  return levels;
}

Levels OccurringLevels(const Raster& raster, int b) {
  std::vector<std::atomic<bool>> occurs(NumValues(raster));
  VisitIntegers(raster, b, [&](const auto* values) {
    ForEachTile(raster.num_pixels(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
      for (std::int64_t i = first; i < first + count; ++i)
        if (raster.IsValid(i) && !occurs[values[i]].load(std::memory_order_relaxed))
          occurs[values[i]].store(true, std::memory_order_relaxed);
    });
  });
  Levels levels;
  for (std::size_t value = 0; value < occurs.size(); ++value)
    if (occurs[value]) levels.push_back(static_cast<std::uint32_t>(value));
  return levels;
}

// The levels of each band: all possible ones where their combinations are few enough, else those
// that occur. Empty where these are too many as well.
std::vector<Levels> BandLevels(const Raster& raster) {
  const int num_bands = raster.num_bands();
  const Levels possible = PossibleLevels(raster);
  if (std::pow(static_cast<double>(possible.size()), num_bands) <= kMaxKeys)
    return std::vector<Levels>(num_bands, possible);
  std::vector<Levels> bands;
  double num_keys = 1;
  for (int b = 0; b < num_bands; ++b) {
    bands.push_back(OccurringLevels(raster, b));
    num_keys *= static_cast<double>(bands.back().size());
    if (num_keys > kMaxKeys) return {};
  }
  return bands;
}

// Colours as numbers: the ranks of a colour's levels are the digits, the first band's the highest,
// so that keys are in the order of the colours.
class ColorKeys {
 public:
  ColorKeys(const Raster& raster, std::vector<Levels> bands) : bands_(std::move(bands)) {
    for (const Levels& levels : bands_) size_ *= static_cast<std::uint32_t>(levels.size());
    std::uint32_t step = size_;
    for (const Levels& levels : bands_) {
      step /= static_cast<std::uint32_t>(levels.size());
      steps_.push_back(step);
      terms_.emplace_back(NumValues(raster));
      for (std::size_t rank = 0; rank < levels.size(); ++rank)
        terms_.back()[levels[rank]] = static_cast<std::uint32_t>(rank) * step;
    }
  }

  std::uint32_t size() const { return size_; }

  // Keys of a run of pixels; those of pixels without data mean nothing.
  void Encode(const Raster& raster, std::int64_t first, std::int64_t count,
              std::uint32_t* keys) const {
    std::fill_n(keys, count, 0u);
    for (int b = 0; b < raster.num_bands(); ++b)
      VisitIntegers(raster, b, [&](const auto* values) {
        const std::uint32_t* const terms = terms_[b].data();
        const std::uint32_t step = steps_[b];
        // Where every value is a level, its rank is itself: no look-up, and a vector loop.
        const bool complete = bands_[b].size() == terms_[b].size();
        for (std::int64_t i = 0; i < count; ++i)
          keys[i] += complete ? step * values[first + i] : terms[values[first + i]];
      });
  }

  // The colours of the keys, which become the raster's first pixels.
  template <typename T>
  void Decode(const std::vector<std::uint32_t>& keys, Raster& colors) const {
    for (std::size_t b = 0; b < bands_.size(); ++b) {
      T* const values = colors.Band<T>(static_cast<int>(b));
      for (std::size_t j = 0; j < keys.size(); ++j)
        values[j] = static_cast<T>(bands_[b][keys[j] / steps_[b] % bands_[b].size()]);
    }
  }

 private:
  std::vector<Levels> bands_;
  std::vector<std::uint32_t> steps_;
  std::vector<std::vector<std::uint32_t>> terms_;  // per band and value: what it adds to the key
  std::uint32_t size_ = 1;
};

// std::popcount without the call that GCC makes of it where not every processor has the
// instruction: sums of neighbouring bits, pairs and fours (Warren, Hacker's Delight, 5-1).
std::uint32_t CountBits(std::uint64_t x) {
  x -= (x >> 1) & 0x5555555555555555u;
  x = (x & 0x3333333333333333u) + ((x >> 2) & 0x3333333333333333u);
  x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
  return static_cast<std::uint32_t>((x * 0x0101010101010101u) >> 56);
}

// A set of keys, one bit each; once indexed, it knows how many of its keys are below a given one.
class KeySet {
 public:
  explicit KeySet(std::uint32_t num_keys) : words_(num_keys / 64 + 1), below_(words_.size()) {}

  // From any number of threads.
  void Insert(std::uint32_t key) {
    std::atomic<std::uint64_t>& word = words_[key / 64];
    const std::uint64_t bit = Bit(key);
    if (!(word.load(std::memory_order_relaxed) & bit))
      word.fetch_or(bit, std::memory_order_relaxed);
  }

  // Returns the keys, ascending.
  std::vector<std::uint32_t> Index() {
    std::vector<std::uint32_t> keys;
    for (std::size_t w = 0; w < words_.size(); ++w) {
      below_[w] = static_cast<std::uint32_t>(keys.size());
      for (std::uint64_t left = words_[w]; left != 0; left &= left - 1)
        keys.push_back(static_cast<std::uint32_t>(64 * w) + std::countr_zero(left));
    }
    return keys;
  }

  std::uint32_t Rank(std::uint32_t key) const {
    const std::uint64_t word = words_[key / 64].load(std::memory_order_relaxed);
    return below_[key / 64] + CountBits(word & (Bit(key) - 1));
  }

 private:
  static std::uint64_t Bit(std::uint32_t key) { return std::uint64_t{1} << key % 64; }

  std::vector<std::atomic<std::uint64_t>> words_;
  std::vector<std::uint32_t> below_;  // per word: keys in the words before it
};

// Each pixel's key; the valid ones' are put into the set.
AlignedBuffer<std::uint32_t> CollectKeys(const Raster& raster, const ColorKeys& color_keys,
                                         KeySet& set) {
  AlignedBuffer<std::uint32_t> keys(raster.num_pixels());
  ForEachTile(raster.num_pixels(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
    color_keys.Encode(raster, first, count, keys.data() + first);
    for (std::int64_t i = first; i < first + count; ++i)
      if (raster.IsValid(i)) set.Insert(keys[i]);
  });
  return keys;
}

// Turns the pixels' keys into their ranks, `num_colors` for pixels without data, and returns how
// often each rank occurs. Strips of the image count apart: as many as there are threads, but no
// more than keep the counters smaller than the image.
std::vector<std::uint32_t> RankAndCount(const Raster& raster, const KeySet& set,
                                        std::uint32_t num_colors,
                                        AlignedBuffer<std::uint32_t>& keys) {
  const std::int64_t n = raster.num_pixels();
  const auto num_threads = static_cast<std::int64_t>(
      tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism));
  const std::int64_t num_strips = std::min(num_threads, n / (num_colors + 1));
  std::vector<std::vector<std::uint32_t>> counts(num_strips);
  tbb::parallel_for(std::int64_t{0}, num_strips, [&](std::int64_t strip) {
    std::vector<std::uint32_t> of_strip(num_colors + 1);
    const std::int64_t first = n * strip / num_strips, last = n * (strip + 1) / num_strips;
    for (std::int64_t i = first; i < last; ++i) {
      keys[i] = raster.IsValid(i) ? set.Rank(keys[i]) : num_colors;
      ++of_strip[keys[i]];
    }
    counts[strip] = std::move(of_strip);
  });
  for (std::int64_t strip = 1; strip < num_strips; ++strip)
    std::transform(counts[0].begin(), counts[0].end(), counts[strip].begin(), counts[0].begin(),
                   std::plus<>());
  return std::move(counts[0]);
}

Raster ColorsOf(const Raster& raster, const ColorKeys& color_keys,
                const std::vector<std::uint32_t>& keys, std::int64_t num_missing) {
  const auto num_colors = static_cast<std::int64_t>(keys.size());
  Raster colors(num_colors + (num_missing > 0 ? 1 : 0), 1, raster.num_bands(), raster.type(),
                raster.color_model());
  colors.SetWhite(raster.white());
  if (raster.type() == SampleType::kUint8)
    color_keys.Decode<std::uint8_t>(keys, colors);
  else
    color_keys.Decode<std::uint16_t>(keys, colors);
  if (num_missing > 0) colors.Invalidate(num_colors);
  return colors;
}

}  // namespace

std::optional<ColorPalette> MakeColorPalette(const Raster& raster) {
  const std::int64_t num_valid = raster.CountValid();
  if (raster.type() == SampleType::kFloat32 || num_valid < 2) return std::nullopt;
  std::vector<Levels> levels = BandLevels(raster);
  if (levels.empty()) return std::nullopt;
  const ColorKeys color_keys(raster, std::move(levels));
  KeySet set(color_keys.size());
  ColorPalette palette;
  palette.entry = CollectKeys(raster, color_keys, set);
  const std::vector<std::uint32_t> keys = set.Index();
  if (2 * static_cast<std::int64_t>(keys.size()) > num_valid) return std::nullopt;
  const auto num_colors = static_cast<std::uint32_t>(keys.size());
  palette.counts = RankAndCount(raster, set, num_colors, palette.entry);
  palette.counts.resize(num_colors);
  palette.colors = ColorsOf(raster, color_keys, keys, raster.num_pixels() - num_valid);
  return palette;
}

}  // namespace gmmseg
