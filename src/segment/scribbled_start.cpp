#include "segment/scribbled_start.h"

#include <gmmseg/errors.h>

#include <algorithm>
#include <string>

#include "base/text.h"
#include "mixture/maximize.h"
#include "segment/places.h"

namespace gmmseg {
namespace {

void Check(const ScribbledClasses& scribbled, int num_components) {
  if (scribbled.empty())
    throw ParameterError(
        "the scribbles have no stroke, for every pixel is 0; give at least one class pixels of its "
        "number");
  const int last = scribbled.rbegin()->first;
  if (last > num_components)
    throw ParameterError(
        Format("the scribbles have a class %d, and num_components = %d; ask for "
               "%d, or take that class out of the scribbles",
               last, num_components, last));
  for (const auto& [number, strokes] : scribbled)
    if (!(strokes.weight > 0))
      throw ParameterError(
          Format("class %d of the scribbles has strokes on pixels without data "
                 "alone; put one where the image has data",
                 number));
}

// Of weight 0, with the mixture's mean and the mean of its covariances.
GaussianMixture AbsentComponents(const GaussianMixture& mixture, int num_components) {
  GaussianMixture absent = mixture;
  absent.weights = Eigen::VectorXd::Zero(num_components);
  absent.means = (mixture.weights.transpose() * mixture.means).replicate(num_components, 1);
  absent.covariances.assign(num_components, PooledCovariance(mixture));
  return absent;
}

}  // namespace

std::optional<GaussianMixture> KnownComponents(const FeaturePlanes& planes,
                                               const SegmentOptions& options) {
  if (options.scribbles == Scribbles::kIgnore) return options.fit.known;
  Check(planes.scribbled, options.num_components());
  const auto num_known = static_cast<Eigen::Index>(planes.scribbled.size());
  GaussianMixture known{options.fit.covariance_type,
                        planes.layout.blocks,
                        Eigen::VectorXd::Constant(num_known, 1.0 / static_cast<double>(num_known)),
                        Eigen::MatrixXd(num_known, planes.samples.num_features()),
                        {}};
  for (const auto& [number, strokes] : planes.scribbled) {
    known.means.row(static_cast<Eigen::Index>(known.covariances.size())) = strokes.mean;
    known.covariances.push_back(strokes.scatter / strokes.weight);
  }
  return known;
}

void TakeScribbledOrder(const ScribbledClasses& scribbled, Model& model) {
  std::vector<int> places;
  for (const auto& [number, strokes] : scribbled) places.push_back(number - 1);
  for (int place = 0; std::ssize(places) < model.mixture().num_components(); ++place)
    if (!scribbled.contains(place + 1)) places.push_back(place);
  const int num_places = *std::ranges::max_element(places) + 1;
  PutInPlaces(places, AbsentComponents(model.mixture(), num_places), model.fit);
  model.order = ClassOrder::kScribbles;
}

}  // namespace gmmseg
