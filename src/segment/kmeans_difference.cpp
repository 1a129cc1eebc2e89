#include <gmmseg/kmeans_difference.h>

#include <algorithm>
#include <vector>

#include "segment/agreement.h"
#include "segment/fit_options.h"

namespace gmmseg {
namespace {

GaussianMixture KMeansOf(const FeaturePlanes& planes, const SegmentOptions& options,
                         int num_components) {
  SegmentOptions kmeans = options;
  kmeans.shrinkage = 0;
  FitOptions fit = FitOptionsFor(kmeans, planes, 0);
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

}  // namespace

std::optional<std::int64_t> KMeansDifference(const Segmentation& segmentation,
                                             const SegmentOptions& options) {
  const FeaturePlanes& planes = segmentation.planes;
  const auto num_present = static_cast<int>(std::ranges::count_if(
      segmentation.classes, [](const ClassEntry& entry) { return entry.weight > 0; }));
  if (segmentation.model.fit.method == FitMethod::kKMeans || num_present < 2 ||
      planes.samples.has_missing())
    return std::nullopt;
  const Model& model = segmentation.model;
  const GaussianMixture kmeans = KMeansOf(planes, options, num_present);
  const std::vector<std::uint16_t> of_kmeans = MostProbableClasses(planes.samples, kmeans, {});
  const std::vector<std::uint16_t> classes =
      MostProbableClasses(planes.samples, model.mixture(), model.merge.class_of);
  const std::vector<int> partners = Partners(planes, of_kmeans, kmeans.num_components(), classes,
                                             static_cast<int>(segmentation.classes.size()));
  double different = 0;
  for (std::int64_t i = 0; i < planes.samples.size(); ++i)
    if (partners[of_kmeans[i]] != classes[i]) different += PixelsWithData(planes, i);
  return static_cast<std::int64_t>(different);
}

}  // namespace gmmseg
