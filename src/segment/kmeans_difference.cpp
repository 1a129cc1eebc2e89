#include <gmmseg/kmeans_difference.h>

#include <vector>

#include "base/assignment.h"
#include "segment/fit_options.h"
#include "segment/labelling.h"

namespace gmmseg {
namespace {

GaussianMixture KMeansOf(const FeaturePlanes& planes, const SegmentOptions& options,
                         int num_components) {
  FitOptions fit = FitOptionsFor(options, planes);
  fit.method = FitMethod::kKMeans;
  fit.num_components = num_components;
  fit.start.reset();
  fit.known.reset();
  fit.freeze = Freeze::kOff;
  fit.restart_models = RestartModels::kForget;
  fit.trace_length = 0;
  fit.progress = {};
  return FitMixture(planes.samples, fit).model;
}

std::vector<std::uint16_t> SampleLabels(const FeaturePlanes& planes,
                                        const GaussianMixture& mixture) {
  std::vector<std::uint16_t> labels(planes.samples.size());
  std::vector<float> uncertainty(labels.size()), log_density(labels.size());
  LabelSamples(planes, mixture, {labels, uncertainty, log_density});
  return labels;
}

}  // namespace

std::optional<std::int64_t> KMeansDifference(const Segmentation& segmentation,
                                             const SegmentOptions& options) {
  const FeaturePlanes& planes = segmentation.planes;
  const GaussianMixture& mixture = segmentation.model.mixture();
  const auto num_present = static_cast<int>(mixture.PresentComponents().size());
  if (segmentation.model.fit.method == FitMethod::kKMeans || num_present < 2 ||
      planes.samples.has_missing())
    return std::nullopt;
  const GaussianMixture kmeans = KMeansOf(planes, options, num_present);
  const std::vector<std::uint16_t> labels = SampleLabels(planes, kmeans);
  Eigen::MatrixXd shared = Eigen::MatrixXd::Zero(mixture.num_components(), kmeans.num_components());
  for (std::int64_t i = 0; i < segmentation.num_pixels(); ++i)
    if (segmentation.labels[i] > 0)
      ++shared(segmentation.labels[i] - 1, labels[planes.SampleOf(i)] - 1);
  const std::vector<int> partner = CheapestAssignment(-shared);
  double same = 0;
  for (std::size_t k = 0; k < partner.size(); ++k)
    if (partner[k] >= 0) same += shared(static_cast<Eigen::Index>(k), partner[k]);
  return segmentation.num_valid - static_cast<std::int64_t>(same);
}

}  // namespace gmmseg
