#include "segment/agreement.h"

#include <gmmseg/component_merge.h>

#include <algorithm>

#include "base/assignment.h"
#include "segment/most_probable.h"

namespace gmmseg {

std::vector<std::uint16_t> MostProbableClasses(const Samples& samples,
                                               const GaussianMixture& mixture,
                                               const std::vector<int>& class_of) {
  const int num_classes =
      class_of.empty() ? mixture.num_components() : std::ranges::max(class_of) + 1;
  std::vector<std::uint16_t> classes(samples.size());
  VisitClassPosteriors(samples, mixture, class_of, [&](const PosteriorTile& tile) {
    for (std::int64_t i = 0; i < tile.count; ++i)
      classes[tile.first + i] = static_cast<std::uint16_t>(MostProbable(tile, num_classes, i));
  });
  return classes;
}

double PixelsWithData(const FeaturePlanes& planes, std::int64_t sample) {
  return planes.samples.weights()[sample] > 0 ? static_cast<double>(planes.NumPixels(sample)) : 0;
}

std::vector<int> Partners(const FeaturePlanes& planes, const std::vector<std::uint16_t>& labels,
                          int num_labels, const std::vector<std::uint16_t>& reference,
                          int num_reference) {
  Eigen::MatrixXd shared = Eigen::MatrixXd::Zero(num_labels, num_reference);  // pixels
  for (std::int64_t i = 0; i < planes.samples.size(); ++i)
    shared(labels[i], reference[i]) += PixelsWithData(planes, i);
  return CheapestAssignment(-shared);
}

}  // namespace gmmseg
