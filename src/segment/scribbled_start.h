// What scribbles mean to a fit: components that it knows, and their numbers.
#pragma once

#include <gmmseg/features.h>
#include <gmmseg/model.h>
#include <gmmseg/segment.h>

#include <optional>

namespace gmmseg {

// The known components of a fit by these options: one for each scribbled class, ascending, or
// options.fit.known where scribbles are ignored. Throws ParameterError for scribbles that cannot
// start it: see Segment.
std::optional<GaussianMixture> KnownComponents(const FeaturePlanes& planes,
                                               const SegmentOptions& options);

// Takes the components that were fitted from KnownComponents to their numbers, and the others, in
// their order, to the numbers that are left. A number below another that no component takes is a
// component of weight 0.
void TakeScribbledOrder(const ScribbledClasses& scribbled, Model& model);

}  // namespace gmmseg
