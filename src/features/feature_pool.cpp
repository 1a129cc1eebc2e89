#include "features/feature_pool.h"

#include <gmmseg/errors.h>
#include <oneapi/tbb/parallel_sort.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <type_traits>
#include <utility>

#include "base/random.h"
#include "base/share.h"
#include "features/palette.h"
#include "features/plain_samples.h"
#include "features/same_features.h"
#include "features/scribbled.h"
#include "raster/value_size.h"

namespace gmmseg {
namespace {

constexpr std::int64_t kSampleSize = std::int64_t{1} << 20;
constexpr std::uint64_t kPixelStream = 0x706978656c;  // apart from other uses of the seed
constexpr int kKeyBits = 64;

int BitsPerBand(SampleType type) { return static_cast<int>(8 * BytesPerValue(type)); }

bool HasKeys(const RasterKind& kind) {
  return kind.type != SampleType::kFloat32 && kind.num_bands * BitsPerBand(kind.type) <= kKeyBits;
}

// What a distinct colour takes: twice among the merged runs, then as a sample, with what EM and the
// labels need of it.
double BytesPerColor(const RasterKind& kind) {
  constexpr double kLabels = 16;
  constexpr double kTwice = 2 * sizeof(CountedColor);
  return kTwice + 2.0 * sizeof(float) * (kind.num_bands + 1) + kLabels;
}

RasterKind KindOf(const Raster& raster) {
  return {raster.num_bands(), raster.type(), raster.color_model(), raster.white()};
}

// The colours of the raster's first `count` pixels.
std::vector<std::uint64_t> Keys(const Raster& raster, std::int64_t count) {
  std::vector<std::uint64_t> keys(count);
  const int bits = BitsPerBand(raster.type());
  for (int b = 0; b < raster.num_bands(); ++b)
    raster.VisitBand(b, [&](const auto* values) {
      if constexpr (std::is_integral_v<std::remove_cvref_t<decltype(*values)>>)
        for (std::int64_t i = 0; i < count; ++i) keys[i] = keys[i] << bits | values[i];
    });
  return keys;
}

std::vector<CountedColor> CountedOf(const ColorPalette& palette) {
  const auto num_colors = static_cast<std::int64_t>(palette.counts.size());
  const std::vector<std::uint64_t> keys = Keys(palette.colors, num_colors);
  std::vector<CountedColor> colors;
  for (std::int64_t i = 0; i < num_colors; ++i) colors.push_back({keys[i], palette.counts[i]});
  return colors;
}

std::vector<CountedColor> CountedOf(const Raster& raster) {
  std::vector<std::uint64_t> keys = Keys(raster, raster.num_pixels());
  if (!raster.validity().empty()) {
    std::int64_t kept = 0;
    for (std::int64_t i = 0; i < raster.num_pixels(); ++i)
      if (raster.IsValid(i)) keys[kept++] = keys[i];
    keys.resize(kept);
  }
  tbb::parallel_sort(keys);
  std::vector<CountedColor> colors;
  for (const std::uint64_t key : keys)
    if (!colors.empty() && colors.back().key == key)
      ++colors.back().count;
    else
      colors.push_back({key, 1});
  return colors;
}

std::vector<CountedColor> Merge(const std::vector<CountedColor>& a,
                                const std::vector<CountedColor>& b) {
  std::vector<CountedColor> merged;
  merged.reserve(a.size() + b.size());
  auto i = a.begin(), j = b.begin();
  while (i != a.end() && j != b.end())
    if (i->key < j->key)
      merged.push_back(*i++);
    else if (j->key < i->key)
      merged.push_back(*j++);
    else
      merged.push_back({i->key, i++->count + j++->count});
  merged.insert(merged.end(), i, a.end());
  merged.insert(merged.end(), j, b.end());
  return merged;
}

// Merges the last two runs as long as the longer is no more than twice the shorter.
void MergeRuns(std::vector<std::vector<CountedColor>>& runs, double most_ratio) {
  while (runs.size() > 1) {
    const std::vector<CountedColor>&last = runs.back(), &before = runs[runs.size() - 2];
    if (static_cast<double>(before.size()) > most_ratio * static_cast<double>(last.size())) return;
    std::vector<CountedColor> merged = Merge(before, last);
    runs.pop_back();
    runs.back() = std::move(merged);
  }
}

template <typename T>
void Decode(const std::vector<CountedColor>& colors, int bits, Raster& raster) {
  for (int b = 0; b < raster.num_bands(); ++b) {
    const int shift = bits * (raster.num_bands() - 1 - b);
    T* const values = raster.Band<T>(b);
    for (std::size_t i = 0; i < colors.size(); ++i)
      values[i] = static_cast<T>(colors[i].key >> shift);
  }
}

// A raster of one row.
Raster ToRaster(const RasterKind& kind, const std::vector<CountedColor>& colors) {
  Raster raster(static_cast<std::int64_t>(colors.size()), 1, kind.num_bands, kind.type,
                kind.color_model);
  raster.SetWhite(kind.white);
  if (kind.type == SampleType::kUint8)
    Decode<std::uint8_t>(colors, BitsPerBand(kind.type), raster);
  else
    Decode<std::uint16_t>(colors, BitsPerBand(kind.type), raster);
  return raster;
}

// One row of those pixels.
Raster Picked(const Raster& raster, const std::vector<std::int64_t>& pixels) {
  Raster picked(std::ssize(pixels), 1, raster.num_bands(), raster.type(), raster.color_model());
  picked.SetWhite(raster.white());
  for (int b = 0; b < raster.num_bands(); ++b)
    raster.VisitBand(b, [&]<typename T>(const T* values) {
      std::ranges::transform(pixels, picked.Band<T>(b),
                             [values](std::int64_t pixel) { return values[pixel]; });
    });
  for (std::size_t j = 0; j < pixels.size(); ++j)
    picked.TakeValidity(static_cast<std::int64_t>(j), raster, pixels[j]);
  return picked;
}

template <typename T>
std::vector<T> At(const std::vector<T>& values, const std::vector<std::int64_t>& places) {
  std::vector<T> picked;
  if (!values.empty())
    for (const std::int64_t place : places) picked.push_back(values[place]);
  return picked;
}

// Of features that depend on colour alone.
ScribbledClasses PickedScribbles(const Raster& raster, const FeatureLayout& layout) {
  const std::vector<std::int64_t> pixels = ScribbledPixels(raster);
  if (pixels.empty()) return {};
  Raster picked = Picked(raster, pixels);
  picked.SetScribbles(At(raster.scribbles(), pixels));
  if (!raster.weights().empty()) picked.SetWeights(At(raster.weights(), pixels));
  return ScribbledOf(picked, PlainSamples(picked, layout), {});
}

// A missing value is a NaN here.
void AppendRow(const Samples& samples, std::int64_t i, std::vector<float>& rows) {
  for (int d = 0; d < samples.num_features(); ++d)
    rows.push_back(samples.IsMissing(i, d) ? NAN : samples.Plane(d)[i]);
}

}  // namespace

FeaturePool::Plan FeaturePool::PlanFor(const FeatureSpec& spec,
                                       const std::map<RasterKind, std::int64_t>& pixels,
                                       Weights weights, std::int64_t memory, std::uint64_t seed) {
  double bytes = 0, bytes_per_row = 0;
  std::int64_t total = 0;
  bool has_keys = spec.position_weight == 0 && spec.texture == Texture::kOff &&
                  spec.missing == MissingValues::kSkip && weights == Weights::kNone;
  for (const auto& [kind, count] : pixels) {
    total += count;
    bytes_per_row = std::max(bytes_per_row, BytesPerColor(kind));
    has_keys = has_keys && HasKeys(kind);
    const double colors = std::exp2(kind.num_bands * BitsPerBand(kind.type));
    bytes += BytesPerColor(kind) * std::min(static_cast<double>(count), colors);
  }
  Plan plan;
  plan.seed = seed;
  plan.weights = weights;
  if (has_keys && bytes <= static_cast<double>(memory)) return plan;
  plan.content = Content::kSample;
  const double most =
      std::min(static_cast<double>(kSampleSize), static_cast<double>(memory) / bytes_per_row);
  plan.chance = std::min(1.0, most / static_cast<double>(total));
  return plan;
}

// Of distinct colours, however many runs they stand in.
bool FeaturePool::FitsInto(std::int64_t memory) {
  const auto fits = [&] {
    double bytes = 0;
    for (const auto& [kind, runs] : runs_)
      for (const std::vector<CountedColor>& run : runs)
        bytes += BytesPerColor(kind) * static_cast<double>(run.size());
    return bytes <= static_cast<double>(memory);
  };
  if (fits()) return true;
  MergeAllRuns();
  return fits();
}

std::int64_t FeaturePool::num_sampled() const {
  return layout_ ? std::ssize(rows_) / std::ssize(layout_->info) : 0;
}

FeaturePool::Part FeaturePool::Extract(const Raster& raster, std::uint64_t identity) const {
  Part part;
  part.layout = DescribeFeatures(raster, spec_);
  part.kind = KindOf(raster);
  if (plan_.content == Content::kColors)
    ExtractColors(raster, part);
  else if (DependsOnColorAlone(part.layout) && raster.type() != SampleType::kFloat32)
    ExtractPicked(raster, identity, part);
  else
    ExtractSamples(raster, identity, part);
  if (DependsOnColorAlone(part.layout)) part.scribbled = PickedScribbles(raster, part.layout);
  return part;
}

void FeaturePool::ExtractColors(const Raster& raster, Part& part) const {
  if (!HasKeys(part.kind))
    throw ParameterError(
        "the file is not what its header was when the run began; leave it alone, and use --resume");
  const std::optional<ColorPalette> palette = MakeColorPalette(raster);
  part.colors = palette ? CountedOf(*palette) : CountedOf(raster);
  part.num_valid = raster.CountValid();
  if (part.num_valid > 0) part.floor = FloorOf(raster, part.layout, {});
}

bool FeaturePool::IsInSample(std::uint64_t identity, std::int64_t pixel) const {
  return ToUnit(Hash(plan_.seed ^ identity, kPixelStream, static_cast<std::uint64_t>(pixel))) <
         plan_.chance;
}

// Features of the chosen pixels alone: those of all would take many times the raster's memory.
void FeaturePool::ExtractPicked(const Raster& raster, std::uint64_t identity, Part& part) const {
  const bool marginal = spec_.missing == MissingValues::kMarginal;
  std::vector<std::int64_t> chosen;
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
    if (!(marginal ? raster.HasSomeBand(i) : raster.IsValid(i))) continue;
    ++part.num_valid;
    if (IsInSample(identity, i)) chosen.push_back(i);
  }
  if (part.num_valid == 0) return;
  part.floor = FloorOf(raster, part.layout, {});
  if (chosen.empty()) return;
  const Samples samples = PlainSamples(Picked(raster, chosen), part.layout);
  for (std::int64_t i = 0; i < samples.size(); ++i) AppendRow(samples, i, part.rows);
  if (plan_.weights == Weights::kOfPixels)
    for (const std::int64_t pixel : chosen) part.row_weights.push_back(raster.Weight(pixel));
}

void FeaturePool::ExtractSamples(const Raster& raster, std::uint64_t identity, Part& part) const {
  Samples samples = PlainSamples(raster, part.layout);
  for (std::int64_t i = 0; i < samples.size(); ++i) {
    if (samples.weights()[i] == 0) continue;
    ++part.num_valid;
    if (!IsInSample(identity, i)) continue;
    AppendRow(samples, i, part.rows);
    if (plan_.weights == Weights::kOfPixels) part.row_weights.push_back(raster.Weight(i));
  }
  if (!DependsOnColorAlone(part.layout)) part.scribbled = ScribbledOf(raster, samples, {});
  if (part.num_valid == 0) return;
  samples.Standardize();
  part.floor = FloorOf(raster, part.layout, samples);
}

void FeaturePool::Expect(const Raster& raster) {
  if (!layout_) layout_ = DescribeFeatures(raster, spec_);
}

void FeaturePool::Add(Part part, std::int64_t place) {
  if (!layout_) layout_ = part.layout;
  if (!SameFeatures(part.layout, *layout_))
    throw ParameterError("the image gives the features " + FeatureNames(part.layout) +
                         "; those of the first image are " + FeatureNames(*layout_) +
                         "; segment images of one kind together");
  for (auto& [number, scribbled] : part.scribbled) scribbled_[number].Add(place, scribbled);
  if (part.num_valid == 0) return;
  weighted_floor_.Add(place, static_cast<double>(part.num_valid) * part.floor);
  num_valid_ += part.num_valid;
  rows_.insert(rows_.end(), part.rows.begin(), part.rows.end());
  row_weights_.insert(row_weights_.end(), part.row_weights.begin(), part.row_weights.end());
  AddColors(part.kind, std::move(part.colors));
}

void FeaturePool::AddColors(const RasterKind& kind, std::vector<CountedColor> colors) {
  if (colors.empty()) return;
  std::vector<std::vector<CountedColor>>& runs = runs_[kind];
  runs.push_back(std::move(colors));
  MergeRuns(runs, 2);
}

void FeaturePool::MergeAllRuns() {
  for (auto& [kind, runs] : runs_) MergeRuns(runs, INFINITY);
}

bool FeaturePool::Unite(Ranks& ranks, std::int64_t memory, bool fits) {
  const auto bytes = [&] { return fits ? Bytes() : ""; };
  const auto join = [&](const std::string& others) {
    fits = fits && !others.empty();
    if (!fits) return;
    Join(others);
    fits = FitsInto(memory);
  };
  const auto take = [&](const std::string& all) {
    Clear();
    fits = !all.empty();
    if (fits) Join(all);
  };
  gmmseg::Unite(ranks, bytes, join, take);
  return fits;
}

std::string FeaturePool::Bytes() const {
  ByteWriter writer;
  writer.Put(num_valid_);
  writer.Put(rows_);
  writer.Put(row_weights_);
  weighted_floor_.Put(writer, [](ByteWriter& to, const Eigen::MatrixXd& floor) { to.Put(floor); });
  writer.Put(std::ssize(scribbled_));
  for (const auto& [number, scribbled] : scribbled_) {
    writer.Put(number);
    scribbled.Put(writer, [](ByteWriter& to, const ScribbledClass& each) {
      to.Put(each.weight);
      to.Put(Eigen::MatrixXd(each.mean));
      to.Put(each.scatter);
    });
  }
  for (const auto& [kind, runs] : runs_)
    for (const std::vector<CountedColor>& run : runs) {
      writer.Put(kind);
      writer.Put(run);
    }
  return writer.Take();
}

// Of the places behind those that are here.
void FeaturePool::Join(const std::string& bytes) {
  ByteReader reader(bytes);
  num_valid_ += reader.Next<std::int64_t>();
  const auto rows = reader.Next<std::vector<float>>();
  rows_.insert(rows_.end(), rows.begin(), rows.end());
  const auto row_weights = reader.Next<std::vector<double>>();
  row_weights_.insert(row_weights_.end(), row_weights.begin(), row_weights.end());
  weighted_floor_.Join(TreeSum<Eigen::MatrixXd>::Get(
      reader, [](ByteReader& from) { return from.Next<Eigen::MatrixXd>(); }));
  for (auto left = reader.Next<std::ptrdiff_t>(); left > 0; --left) {
    TreeSum<ScribbledClass>& scribbled = scribbled_[reader.Next<int>()];
    scribbled.Join(TreeSum<ScribbledClass>::Get(reader, [](ByteReader& from) {
      const auto weight = from.Next<double>();
      const auto mean = from.Next<Eigen::MatrixXd>();
      return ScribbledClass{weight, mean, from.Next<Eigen::MatrixXd>()};
    }));
  }
  while (!reader.at_end()) {
    const auto kind = reader.Next<RasterKind>();
    AddColors(kind, reader.Next<std::vector<CountedColor>>());
  }
}

void FeaturePool::Clear() {
  num_valid_ = 0;
  rows_ = {};
  row_weights_ = {};
  weighted_floor_ = {};
  scribbled_ = {};
  runs_ = {};
}

FeaturePlanes FeaturePool::Take() {
  FeaturePlanes planes;
  planes.layout = layout_.value();
  planes.num_valid = num_valid_;
  for (const auto& [number, scribbled] : scribbled_) planes.scribbled[number] = scribbled.Total();
  planes.floor = weighted_floor_.Total() / static_cast<double>(num_valid_);
  planes.samples = plan_.content == Content::kColors ? TakeColors() : TakeRows();
  if (!row_weights_.empty()) {
    planes.samples.SetWeights(row_weights_);
    planes.num_pixels.assign(planes.samples.size(), 1);
  }
  planes.samples.Standardize();
  return planes;
}

Samples FeaturePool::TakeColors() {
  MergeAllRuns();
  std::int64_t size = 0;
  for (const auto& [kind, runs] : runs_) size += std::ssize(runs.front());
  const auto num_features = static_cast<int>(layout_->info.size());
  Samples all(size, num_features);
  std::int64_t first = 0;
  for (auto& [kind, runs] : runs_) {
    const std::vector<CountedColor> colors = std::move(runs.front());
    const Samples samples = PlainSamples(ToRaster(kind, colors), *layout_);
    for (int d = 0; d < num_features; ++d)
      std::copy_n(samples.Plane(d), samples.size(), all.Plane(d) + first);
    for (const CountedColor& color : colors)
      all.weights()[first++] = static_cast<float>(color.count);
  }
  runs_.clear();
  return all;
}

Samples FeaturePool::TakeRows() {
  const auto num_features = static_cast<int>(layout_->info.size());
  const auto size = static_cast<std::int64_t>(rows_.size()) / num_features;
  Samples samples(size, num_features);
  for (int d = 0; d < num_features; ++d)
    for (std::int64_t i = 0; i < size; ++i) samples.Plane(d)[i] = rows_[i * num_features + d];
  rows_ = {};
  if (spec_.missing == MissingValues::kMarginal) samples.MarkMissing();
  return samples;
}

}  // namespace gmmseg
