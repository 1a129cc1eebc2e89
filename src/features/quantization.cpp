#include "features/quantization.h"

#include <gmmseg/errors.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <type_traits>
#include <vector>

#include "base/tile_loop.h"
#include "features/color_convert.h"
#include "features/pixel_sample.h"

namespace gmmseg {
namespace {

constexpr int kMinLevels = 16;          // below, levels are meant, not rounded
constexpr double kMinHsvValue = 0.125;  // of white

// The values seen so far. Mergeable: a fresh one is the identity.
struct Levels {
  std::uint32_t divisor = 0;  // of the differences to a reference value
  std::uint32_t low = std::numeric_limits<std::uint32_t>::max(), high = 0;

  void Add(std::uint32_t value, std::uint32_t reference) {
    low = std::min(low, value);
    high = std::max(high, value);
    const std::uint32_t difference = value > reference ? value - reference : reference - value;
    if (divisor == 0 || difference % divisor != 0) divisor = std::gcd(divisor, difference);
  }
  Levels& operator+=(const Levels& other) {
    divisor = std::gcd(divisor, other.divisor);
    low = std::min(low, other.low);
    high = std::max(high, other.high);
    return *this;
  }
  std::uint32_t Range() const { return high > low ? high - low : 0; }
  // Nothing that follows can change the step.
  bool Settled() const { return divisor == 1 && Range() >= kMinLevels; }
  double Step() const {
    return divisor == 0 ? 1.0 : std::min<double>(divisor, Range() / double{kMinLevels});
  }
};

template <typename T>
Levels CountLevels(const Raster& raster, int band, const T* values) {
  const std::int64_t n = raster.num_pixels();
  std::int64_t reference = 0;
  while (reference < n && !raster.HasBand(band, reference)) ++reference;
  if (reference == n) return {};
  std::vector<Levels> tiles(NumTiles(n));
  std::atomic<bool> settled = false;
  ForEachTile(n, [&](std::int64_t tile, std::int64_t first, std::int64_t count) {
    if (settled.load(std::memory_order_relaxed)) return;
    for (std::int64_t i = first; i < first + count; ++i)
      if (raster.HasBand(band, i)) tiles[tile].Add(values[i], values[reference]);
    if (tiles[tile].Settled()) settled = true;
  });
  return std::accumulate(tiles.begin(), tiles.end(), Levels{},
                         [](Levels sum, const Levels& tile) { return sum += tile; });
}

// Hue and saturation of an almost black pixel turn round within one step. There the slope would
// fill the disc, and the floor of a night photo would swallow the colours of its lit parts; so a
// pixel darker than an eighth of white is brightened to it before the slope is taken.
void BrightenForHsv(ColorTile& colors, std::int64_t count) {
  auto& [red, green, blue] = colors.channels;
  for (std::int64_t i = 0; i < count; ++i) {
    const float value = std::max({red[i], green[i], blue[i]});
    if (value >= kMinHsvValue) continue;
    for (auto& channel : colors.channels)
      channel[i] = value > 0 ? channel[i] / value * float{kMinHsvValue} : float{kMinHsvValue};
  }
}

// The colours (1 = white, and no more) of the given pixels; grey counts as R = G = B.
ColorTile ReadColors(const Raster& raster, const std::vector<std::int64_t>& pixels) {
  ColorTile colors;
  for (int c = 0; c < 3; ++c)
    raster.VisitBand(std::min(c, raster.num_bands() - 1), [&](const auto* values) {
      for (std::size_t i = 0; i < pixels.size(); ++i)
        colors.channels[c][i] =
            static_cast<float>(std::min(values[pixels[i]] / raster.white(), 1.0));
    });
  return colors;
}

// Channels first…last of all colours moved by `offset`, but not out of 0…1.
ColorTile Moved(const ColorTile& colors, int first, int last, double offset) {
  ColorTile moved = colors;
  for (int c = first; c <= last; ++c)
    for (float& v : moved.channels[c]) v = static_cast<float>(std::clamp(v + offset, 0.0, 1.0));
  return moved;
}

// Σ over the first `count` colours of step² j jᵀ, where j is the slope of the features along
// channels first…last, which move together, by the central difference over one step.
Eigen::Matrix3d SlopeScatter(ColorSpace space, const ColorTile& colors, std::int64_t count,
                             int first, int last, double step) {
  ColorTile up = Moved(colors, first, last, step / 2);
  ColorTile down = Moved(colors, first, last, -step / 2);
  std::vector<double> distance(count);
  for (std::int64_t i = 0; i < count; ++i)
    distance[i] = double{up.channels[first][i]} - double{down.channels[first][i]};
  ConvertColors(space, up);
  ConvertColors(space, down);
  Eigen::Matrix3d scatter = Eigen::Matrix3d::Zero();
  for (std::int64_t i = 0; i < count; ++i) {
    Eigen::Vector3d change;
    for (int d = 0; d < 3; ++d)
      change[d] = (double{up.channels[d][i]} - double{down.channels[d][i]}) * step / distance[i];
    scatter += change * change.transpose();
  }
  return scatter;
}

// A grey image's colours move along one line only. Other directions get a thousandth of the
// largest deviation.
Eigen::MatrixXd FillMissingDirections(const Eigen::MatrixXd& floor) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(floor);
  const Eigen::VectorXd& values = eigen.eigenvalues();
  return eigen.eigenvectors() * values.cwiseMax(1e-6 * values.maxCoeff()).asDiagonal() *
         eigen.eigenvectors().transpose();
}

Eigen::MatrixXd RawFloor(const Raster& raster) {
  Eigen::VectorXd floor(raster.num_bands());
  for (int b = 0; b < raster.num_bands(); ++b)
    floor[b] = std::pow(QuantizationStep(raster, b), 2) / 12;
  return floor.asDiagonal();
}

}  // namespace

double QuantizationStep(const Raster& raster, int band) {
  return raster.VisitBand(band, [&](const auto* values) -> double {
    if constexpr (std::is_integral_v<std::remove_cvref_t<decltype(*values)>>)
      return CountLevels(raster, band, values).Step();
    else
      throw InternalError("band " + std::to_string(band) + " is float and has no step");
  });
}

Eigen::MatrixXd QuantizationFloor(const Raster& raster, ColorSpace space, int num_features) {
  if (space == ColorSpace::kRaw) return RawFloor(raster);
  const std::vector<std::int64_t> pixels = SampleValidPixels(raster, kTileSize);
  const std::int64_t count = static_cast<std::int64_t>(pixels.size());
  if (count == 0) return Eigen::MatrixXd::Identity(num_features, num_features) / 12;
  ColorTile colors = ReadColors(raster, pixels);
  if (space == ColorSpace::kHsv) BrightenForHsv(colors, count);
  Eigen::Matrix3d scatter = Eigen::Matrix3d::Zero();
  for (int b = 0; b < raster.num_bands(); ++b) {
    const int last = raster.num_bands() == 1 ? 2 : b;
    const double step = QuantizationStep(raster, b) / raster.white();
    scatter += SlopeScatter(space, colors, count, b, last, step);
  }
  return FillMissingDirections(scatter.topLeftCorner(num_features, num_features) /
                               (12.0 * static_cast<double>(count)));
}

Eigen::MatrixXd FloatFloor(const Samples& samples, int num_features) {
  using Plane = Eigen::Map<const Eigen::ArrayXf>;
  AlignedBuffer<float> scratch;
  Eigen::VectorXd floor(num_features);
  for (int d = 0; d < num_features; ++d) {
    const auto weights = Plane(samples.WeightsOfFeature(d, scratch), samples.size()).cast<double>();
    const double sum = weights.sum(), total = sum > 0 ? sum : 1.0;
    const auto z = Plane(samples.Plane(d), samples.size()).cast<double>();
    const double mean = (weights * z).sum() / total;
    const double variance = (weights * (z - mean).square()).sum() / total;
    const double scale = samples.standardization().scale[d];
    const double rounding = std::numeric_limits<float>::epsilon() *
                            (samples.standardization().offset[d] + mean * scale);
    floor[d] = std::max(1e-6 * variance * scale * scale, rounding * rounding);
    if (floor[d] == 0) floor[d] = 1e-12;  // a plane of zeros: anything positive
  }
  return floor.asDiagonal();
}

}  // namespace gmmseg
