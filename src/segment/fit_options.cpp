#include "segment/fit_options.h"

#include <algorithm>

#include "segment/scribbled_start.h"

namespace gmmseg {

namespace {

// FitOptions::prior_share by which a component of 1/K of the samples is drawn so far.
double PriorShare(double shrinkage, int num_components) {
  return shrinkage / ((1 - shrinkage) * num_components);
}

double AutoPriorShare(const FeaturePlanes& planes, int num_components, double num_effective) {
  constexpr double kSamplesPerFeature = 4, kMost = 0.9;
  const auto num_features = static_cast<double>(planes.layout.info.size());
  return std::min(kSamplesPerFeature * num_features / num_effective,
                  PriorShare(kMost, num_components));
}

}  // namespace

FitOptions FitOptionsFor(const SegmentOptions& options, const FeaturePlanes& planes,
                         double num_effective) {
  FitOptions fit = options.fit;
  fit.blocks = planes.layout.blocks;
  // Places make every pixel a sample of its own, and passes slow.
  fit.coarse_to_fine =
      planes.layout.spec.position_weight > 0 ? CoarseToFine::kOn : CoarseToFine::kOff;
  fit.floor = options.floor == Floor::kOn ? planes.floor : Eigen::MatrixXd();
  fit.known = KnownComponents(planes, options);
  const int most = options.num_components();
  fit.prior_share = options.shrinkage ? PriorShare(*options.shrinkage, most)
                                      : AutoPriorShare(planes, most, num_effective);
  return fit;
}

}  // namespace gmmseg
