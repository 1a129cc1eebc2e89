#include "features/band_projection.h"

#include <gmmseg/errors.h>
#include <oneapi/tbb/parallel_for.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "base/tile_loop.h"
#include "features/pixel_sample.h"

namespace gmmseg {
namespace {

// Of the largest variance; what varies less is rounding.
constexpr double kFlat = 1e-12;

// Calls use(i, value) of a run of a band's values, on their scale.
template <typename Use>
void ForEachValue(const Raster& raster, int band, std::int64_t first, std::int64_t count,
                  BandScale scale, const Use& use) {
  raster.VisitBand(band, [&]<typename T>(const T* values) {
    constexpr double kOffset = std::is_integral_v<T> ? 1 : 0;
    for (std::int64_t i = 0; i < count; ++i) {
      const auto value = static_cast<double>(values[first + i]);
      use(i, scale == BandScale::kLog ? std::log(value + kOffset) : value);
    }
  });
}

// A run of pixels, one row each, and one column for each band.
void ReadRows(const Raster& raster, BandScale scale, std::int64_t first, std::int64_t count,
              Eigen::Ref<Eigen::MatrixXd> rows) {
  for (int b = 0; b < raster.num_bands(); ++b)
    ForEachValue(raster, b, first, count, scale,
                 [&](std::int64_t i, double value) { rows(i, b) = value; });
}

// Pixels that are looked at together: a run's values fit the cache.
constexpr std::int64_t kRun = 256;

// Of a run of pixels.
BandMoments MomentsOfRun(const Raster& raster, BandScale scale, std::int64_t first,
                         std::int64_t count) {
  Eigen::MatrixXd rows(count, raster.num_bands());
  ReadRows(raster, scale, first, count, rows);
  Eigen::VectorXd weights(count);
  for (std::int64_t i = 0; i < count; ++i) {
    const bool counts = raster.IsValid(first + i) && rows.row(i).allFinite();
    weights[i] = counts ? raster.Weight(first + i) : 0.0;
    if (!counts) rows.row(i).setZero();
  }
  BandMoments moments{weights.sum(), Eigen::VectorXd::Zero(rows.cols()),
                      Eigen::MatrixXd::Zero(rows.cols(), rows.cols())};
  if (moments.weight == 0) return moments;
  moments.mean = rows.transpose() * weights / moments.weight;
  rows.rowwise() -= moments.mean.transpose();
  rows.array().colwise() *= weights.array().sqrt();
  moments.scatter.selfadjointView<Eigen::Lower>().rankUpdate(rows.transpose());
  moments.scatter.triangularView<Eigen::StrictlyUpper>() = moments.scatter.transpose();
  return moments;
}

// Sums of their own, added in order: as many as do not take more than this.
std::int64_t NumPartialSums(std::int64_t size) {
  constexpr std::int64_t kMostBytes = std::int64_t{64} << 20, kMost = 64;
  return std::clamp<std::int64_t>(kMostBytes / (8 * size * size), 1, kMost);
}

void FillScaled(const Raster& raster, BandScale scale, Samples& samples) {
  for (int b = 0; b < raster.num_bands(); ++b)
    ForEachTile(raster.num_pixels(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
      float* const plane = samples.Plane(b) + first;
      ForEachValue(raster, b, first, count, scale,
                   [&](std::int64_t i, double value) { plane[i] = static_cast<float>(value); });
    });
}

void FillProjected(const Raster& raster, BandScale scale, const BandProjection& projection,
                   Samples& samples) {
  ForEachTile(raster.num_pixels(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
    Eigen::MatrixXd rows(std::min(kRun, count), raster.num_bands());
    for (std::int64_t at = first; at < first + count; at += kRun) {
      const std::int64_t run = std::min(kRun, first + count - at);
      ReadRows(raster, scale, at, run, rows.topRows(run));
      const Eigen::MatrixXf components =
          ((rows.topRows(run).rowwise() - projection.mean.transpose()) *
           projection.rows.transpose())
              .cast<float>();
      for (Eigen::Index d = 0; d < components.cols(); ++d)
        std::copy_n(components.col(d).data(), run, samples.Plane(static_cast<int>(d)) + at);
    }
  });
}

// The mean square of what the scale makes of a step of 1.
double MeanSquaredSlope(const Raster& raster, int band) {
  const std::vector<std::int64_t> pixels = SampleKnownPixels(raster, band, kTileSize);
  double sum = 0;
  raster.VisitBand(band, [&](const auto* values) {
    for (const std::int64_t pixel : pixels)
      sum += std::pow(1.0 + static_cast<double>(values[pixel]), -2);
  });
  return pixels.empty() ? 1 : sum / static_cast<double>(pixels.size());
}

}  // namespace

bool LacksProjection(const FeatureSpec& spec) { return spec.num_principal > 0 && !spec.projection; }

BandMoments& BandMoments::operator+=(const BandMoments& other) {
  if (weight == 0) return *this = other;
  if (other.weight == 0) return *this;
  const double total = weight + other.weight;
  const Eigen::VectorXd step = other.mean - mean;
  scatter += other.scatter + weight * (other.weight / total) * step * step.transpose();
  mean += other.weight / total * step;
  weight = total;
  return *this;
}

void Unite(Ranks& ranks, TreeSum<BandMoments>& moments) {
  Unite(
      ranks, moments,
      [](ByteWriter& writer, const BandMoments& each) {
        writer.Put(each.weight);
        writer.Put(Eigen::MatrixXd(each.mean));
        writer.Put(each.scatter);
      },
      [](ByteReader& reader) {
        const auto weight = reader.Next<double>();
        const auto mean = reader.Next<Eigen::MatrixXd>();
        return BandMoments{weight, mean, reader.Next<Eigen::MatrixXd>()};
      });
}

BandMoments MomentsOfBands(const Raster& raster, BandScale scale) {
  const std::int64_t n = raster.num_pixels();
  std::vector<BandMoments> sums(std::min(NumPartialSums(raster.num_bands()), NumTiles(n)));
  const std::int64_t num_sums = std::ssize(sums);
  tbb::parallel_for(std::int64_t{0}, num_sums, [&](std::int64_t s) {
    const std::int64_t end = std::min(n, NumTiles(n) * (s + 1) / num_sums * kTileSize);
    for (std::int64_t first = NumTiles(n) * s / num_sums * kTileSize; first < end; first += kRun)
      sums[s] += MomentsOfRun(raster, scale, first, std::min(kRun, end - first));
  });
  for (std::int64_t s = 1; s < num_sums; ++s) sums[0] += sums[s];
  return std::move(sums[0]);
}

std::shared_ptr<const BandProjection> PrincipalBands(const BandMoments& moments, int count) {
  auto projection = std::make_shared<BandProjection>();
  const Eigen::Index num_bands = moments.mean.size();
  projection->mean = moments.mean;
  projection->rows = Eigen::MatrixXd::Zero(count, num_bands);
  if (moments.weight == 0) return projection;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(moments.scatter / moments.weight);
  const Eigen::VectorXd variances = eigen.eigenvalues().reverse();
  for (int d = 0; d < count; ++d) {
    if (!(variances[d] > kFlat * variances[0])) break;
    Eigen::VectorXd direction = eigen.eigenvectors().col(num_bands - 1 - d);
    Eigen::Index largest;  // its sign is free: what is brighter there is more
    direction.cwiseAbs().maxCoeff(&largest);
    projection->rows.row(d) =
        direction.transpose() * std::copysign(1 / std::sqrt(variances[d]), direction[largest]);
  }
  return projection;
}

void FillBands(const Raster& raster, const FeatureSpec& spec, Samples& samples) {
  if (LacksProjection(spec)) throw InternalError("principal components of no pixels");
  if (spec.num_principal > 0)
    FillProjected(raster, spec.scale, *spec.projection, samples);
  else
    FillScaled(raster, spec.scale, samples);
}

Eigen::MatrixXd BandFloor(const Raster& raster, const FeatureSpec& spec,
                          const Eigen::VectorXd& steps) {
  Eigen::VectorXd floor = steps;
  if (spec.scale == BandScale::kLog)
    for (int b = 0; b < raster.num_bands(); ++b) floor[b] *= MeanSquaredSlope(raster, b);
  if (spec.num_principal == 0) return floor.asDiagonal();
  const Eigen::MatrixXd& rows = spec.projection->rows;
  Eigen::MatrixXd projected = rows * floor.asDiagonal() * rows.transpose();
  for (Eigen::Index d = 0; d < projected.rows(); ++d)
    if (projected(d, d) == 0) projected(d, d) = 1;  // nothing varies there: anything positive
  return projected;
}

}  // namespace gmmseg
