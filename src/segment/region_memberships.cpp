#include "segment/region_memberships.h"

#include <gmmseg/fit.h>
#include <gmmseg/posterior.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/random.h"
#include "base/stopwatch.h"
#include "mixture/initialize.h"
#include "mixture/maximize.h"
#include "raster/gaussian_filter.h"
#include "raster/local_deviation.h"

namespace gmmseg {
namespace {

constexpr double kColorSigma = 1;                         // pixels
constexpr double kTextureSigmas[] = {2, 5};               // pixels
constexpr std::int64_t kFitSize = 8000;                   // pixels a mixture is fitted to
constexpr double kFloor = 0.01;                           // of each feature's variance
constexpr std::uint64_t kMixtureStream = 0x726567696f6e;  // apart from other uses of the seed

// To zero mean and unit variance over the pixels with data; false for a constant.
bool Standardize(const Plane& weight, Plane& plane) {
  double count = 0, sum = 0, squares = 0;
  for (std::int64_t i = 0; i < plane.size(); ++i) {
    count += weight.values[i];
    sum += plane.values[i];
  }
  const double mean = sum / count;
  for (std::int64_t i = 0; i < plane.size(); ++i)
    squares += weight.values[i] * (plane.values[i] - mean) * (plane.values[i] - mean);
  const double deviation = std::sqrt(squares / count);
  if (!(deviation > 1e-6 * std::abs(mean))) return false;
  for (std::int64_t i = 0; i < plane.size(); ++i)
    plane.values[i] = static_cast<float>((plane.values[i] - mean) / deviation) * weight.values[i];
  return true;
}

PlaneStack FeaturesOf(const PlaneStack& colors) {
  PlaneStack features{{}, Plane(colors.weight.width, colors.weight.height)};
  std::ranges::copy(colors.weight.values, features.weight.values.begin());
  const GaussianFilter filter(kColorSigma, colors.weight);
  for (const Plane& color : colors.planes) {
    Plane smooth = filter.Apply(color);
    for (std::int64_t i = 0; i < smooth.size(); ++i) smooth.values[i] *= colors.weight.values[i];
    features.planes.push_back(std::move(smooth));
  }
  for (const double sigma : kTextureSigmas)
    features.planes.push_back(LogLocalDeviation(colors.planes.front(), colors.weight, sigma));
  return Reduced(features, kMembershipFactor);
}

// Without those that are constant; one of zeros where all are.
Samples ToSamples(PlaneStack features) {
  std::erase_if(features.planes,
                [&](Plane& plane) { return !Standardize(features.weight, plane); });
  const std::int64_t size = features.weight.size();
  Samples samples(size, std::max(static_cast<int>(features.planes.size()), 1));
  std::copy_n(features.weight.values.data(), size, samples.weights());
  for (int d = 0; d < static_cast<int>(features.planes.size()); ++d)
    std::copy_n(features.planes[d].values.data(), size, samples.Plane(d));
  return samples;
}

// At most kFitSize of the pixels with data, ascending: a hashed one of each of as many equal runs.
std::vector<std::int64_t> DrawPixels(const Samples& samples, std::uint64_t seed) {
  std::vector<std::int64_t> valid;
  for (std::int64_t i = 0; i < samples.size(); ++i)
    if (samples.weights()[i] > 0) valid.push_back(i);
  const std::int64_t size = std::ssize(valid), count = std::min(size, kFitSize);
  std::vector<std::int64_t> drawn;
  for (std::int64_t j = 0; j < count; ++j) {
    const std::int64_t first = size * j / count, length = size * (j + 1) / count - first;
    const double at = ToUnit(Hash(seed, kMixtureStream, static_cast<std::uint64_t>(j)));
    drawn.push_back(valid[first + static_cast<std::int64_t>(at * static_cast<double>(length))]);
  }
  return drawn;
}

// A mixture that is over-fitted on purpose needs no best start and no last digit.
GaussianMixture FitOverfitted(const Samples& samples, int num_components, std::uint64_t seed) {
  const Samples drawn = samples.At(DrawPixels(samples, seed));
  FitOptions fit;
  fit.floor = kFloor * Eigen::MatrixXd::Identity(samples.num_features(), samples.num_features());
  const MaximizeRules rules =
      RulesFor(samples.standardization(), fit.floor, CovarianceType::kFull, {});
  fit.start =
      InitialModel(drawn, InitMethod::kKMeans, Metric::kWhitened, num_components, rules, seed, 0);
  fit.tolerance = 1e-2;
  fit.max_iterations = 12;
  fit.acceleration = Acceleration::kOff;
  return FitMixture(drawn, fit).model;
}

void AddPosteriors(const Samples& samples, const GaussianMixture& mixture, float share,
                   MembershipField& field) {
  const std::size_t first_plane = field.planes.size();
  for (int k = 0; k < mixture.num_components(); ++k)
    field.planes.emplace_back(field.width(), field.height());
  VisitPosteriors(samples, mixture, [&](const PosteriorTile& tile) {
    for (int k = 0; k < mixture.num_components(); ++k) {
      float* const plane = field.planes[first_plane + k].values.data() + tile.first;
      const float* const weights = samples.weights() + tile.first;
      for (std::int64_t i = 0; i < tile.count; ++i)
        plane[i] = share * weights[i] * tile.Posterior(k, i);
    }
  });
}

}  // namespace

MembershipField RegionMemberships(const PlaneStack& colors, const RegionOptions& options,
                                  RegionSeconds& seconds) {
  Stopwatch watch;
  PlaneStack features = FeaturesOf(colors);
  MembershipField field;
  field.weight = Plane(features.weight.width, features.weight.height);
  std::ranges::copy(features.weight.values, field.weight.values.begin());
  const Samples samples = ToSamples(std::move(features));
  seconds.features += watch.Lap();
  std::vector<GaussianMixture> mixtures(options.num_mixtures);
  tbb::parallel_for(0, options.num_mixtures, [&](int m) {
    mixtures[m] = FitOverfitted(samples, options.num_components,
                                Hash(options.seed, kMixtureStream, static_cast<std::uint64_t>(m)));
  });
  seconds.fit += watch.Lap();
  const float share = 1 / static_cast<float>(options.num_mixtures);
  for (const GaussianMixture& mixture : mixtures) AddPosteriors(samples, mixture, share, field);
  seconds.posteriors += watch.Lap();
  return field;
}

}  // namespace gmmseg
