#include "segment/guide.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/tile_loop.h"
#include "segment/principal_components.h"

namespace gmmseg {
namespace {

constexpr int kMostGuides = 3;
constexpr double kGuideDeviation = 0.25;  // of guides whose range is unknown; photographs' is that

using Floats = AlignedBuffer<float>;

void AddScaled(const float* values, float factor, std::int64_t count, float* __restrict sum) {
  if (factor == 0) return;
  for (std::int64_t i = 0; i < count; ++i) sum[i] += factor * values[i];
}

class GuideMaker {
 public:
  explicit GuideMaker(const Segmentation& segmentation) : segmentation_(segmentation) {}

  Guide Make() const {
    Guide guide{.grid = GridOf(segmentation_), .has_data = HasData(), .planes = {}, .storage = {}};
    const Eigen::MatrixXd axes = Axes();
    if (planes().entry.empty() && !samples().has_missing() && axes.isDiagonal())
      for (int d = 0; d < axes.cols(); ++d)
        guide.planes.push_back({samples().Plane(d), static_cast<float>(axes(d, d))});
    else
      AddPlanes(axes, guide);
    return guide;
  }

 private:
  const FeaturePlanes& planes() const { return segmentation_.planes; }
  const Samples& samples() const { return planes().samples; }
  const GaussianMixture& fitted() const { return segmentation_.model.mixture(); }

  Floats HasData() const {
    Floats of_samples(samples().size());
    std::transform(samples().weights(), samples().weights() + samples().size(), of_samples.data(),
                   [](float weight) { return weight > 0 ? 1.0f : 0.0f; });
    return ToPixels(std::move(of_samples));
  }

  Floats ToPixels(Floats of_samples) const {
    if (planes().entry.empty()) return of_samples;
    Floats of_pixels(segmentation_.num_pixels());
    SpreadToPixels(planes(), of_samples.data(), of_pixels.data());
    return of_pixels;
  }

  // Rows that take the colour features, in plane units, to the guide.
  Eigen::MatrixXd Axes() const {
    const FeatureLayout& layout = planes().layout;
    const int num_colors = layout.NumColors();
    const Eigen::VectorXd scales = samples().standardization().scale.head(num_colors);
    const std::string& unit = layout.info.front().unit;
    if (num_colors <= kMostGuides && unit == "0..100") return (scales / 100).asDiagonal();
    if (num_colors <= kMostGuides && unit == "0..255") return (scales / 255).asDiagonal();
    const Eigen::MatrixXd covariance = CovarianceOfAll(num_colors);
    if (num_colors <= kMostGuides) return StandardAxes(covariance) * scales.asDiagonal();
    return PrincipalComponents(covariance, kMostGuides, kGuideDeviation) * scales.asDiagonal();
  }

  // As the principal components of all features, which are these after a rotation, to which the
  // filter and the contrast of neighbours are blind.
  static Eigen::MatrixXd StandardAxes(const Eigen::MatrixXd& covariance) {
    const Eigen::ArrayXd variances = covariance.diagonal();
    const double num_varying = static_cast<double>((variances > 0).count());
    return (variances > 0)
        .select(kGuideDeviation / (variances * num_varying).sqrt(), 0)
        .matrix()
        .asDiagonal();
  }

  // Of the mixture's first features, the user's units.
  Eigen::MatrixXd CovarianceOfAll(int num_features) const {
    const GaussianMixture& mixture = fitted();
    const auto means = mixture.means.leftCols(num_features);
    const Eigen::RowVectorXd mean = mixture.weights.transpose() * means;
    Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(num_features, num_features);
    for (int k = 0; k < mixture.num_components(); ++k) {
      const Eigen::RowVectorXd from_mean = means.row(k) - mean;
      covariance +=
          mixture.weights[k] * (mixture.covariances[k].topLeftCorner(num_features, num_features) +
                                from_mean.transpose() * from_mean);
    }
    return covariance;
  }

  // In plane units, the missing values as the others let expect them.
  Floats Imputed(int d) const {
    const std::vector<float> values = ImputedFeature(samples(), fitted(), d);
    const Standardization& standardization = samples().standardization();
    Floats in_plane_units(values.size());
    for (std::size_t i = 0; i < values.size(); ++i)
      in_plane_units[i] =
          static_cast<float>((values[i] - standardization.offset[d]) / standardization.scale[d]);
    return in_plane_units;
  }

  // Of the colour features, as the rows of `axes` say.
  void AddPlanes(const Eigen::MatrixXd& axes, Guide& guide) const {
    std::vector<Floats> imputed;
    for (int d = 0; samples().has_missing() && d < axes.cols(); ++d) imputed.push_back(Imputed(d));
    for (Eigen::Index c = 0; c < axes.rows(); ++c) {
      Floats plane(samples().size());
      ForEachTile(samples().size(), [&](std::int64_t, std::int64_t first, std::int64_t count) {
        for (int d = 0; d < axes.cols(); ++d)
          AddScaled((imputed.empty() ? samples().Plane(d) : imputed[d].data()) + first,
                    static_cast<float>(axes(c, d)), count, plane.data() + first);
      });
      guide.storage.push_back(ToPixels(std::move(plane)));
      guide.planes.push_back({guide.storage.back().data()});
    }
  }

  const Segmentation& segmentation_;
};

}  // namespace

void SpreadToPixels(const FeaturePlanes& planes, const float* of_samples, float* of_pixels) {
  const auto size = static_cast<std::int64_t>(planes.entry.size());
  ForEachTile(size, [&](std::int64_t, std::int64_t first, std::int64_t count) {
    for (std::int64_t i = first; i < first + count; ++i) of_pixels[i] = of_samples[planes.entry[i]];
  });
}

Guide MakeGuide(const Segmentation& segmentation) { return GuideMaker(segmentation).Make(); }

}  // namespace gmmseg
