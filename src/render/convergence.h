// A picture of a fit: the log-likelihood over the iterations, and the components among the pixels'
// features, iteration by iteration. SVG 1.1 with a style sheet, without scripts; the same bytes for
// the same model and cloud.
#pragma once

#include <gmmseg/model.h>

#include <string>

#include "render/feature_cloud.h"

namespace gmmseg {

// Points of a cloud that such a picture shows well, and bytes to spare.
inline constexpr int kConvergencePoints = 900;

// Iterations are chosen from model.fit.trace, evenly,
// eight at most, the first and the last of it among them; without a trace the fitted mixture is
// shown alone. A model without a component gives a picture that says so.
std::string ConvergenceSvg(const Model& model, const FeatureCloud& cloud);

}  // namespace gmmseg
