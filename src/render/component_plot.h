// The components of mixtures over a cloud of pixels: ellipses on the plane of two features, or
// densities along one.
#pragma once

#include <gmmseg/model.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "render/feature_cloud.h"
#include "render/svg_plot.h"

namespace gmmseg {

// More classes than this would hide one another: the heaviest are drawn.
inline constexpr int kMostDrawn = 24;

// The inner ellipse, of one standard deviation, is left out where there are more than these.
inline constexpr int kMostWithInner = 12;

// What plots refer to: the classes' numbers on their colours.
std::string Badges(const ClassTable& classes);

// One plot for many models: a background that they share, and each one's components over it.
class ComponentPlot {
 public:
  virtual ~ComponentPlot() = default;

  virtual std::string Background() const = 0;
  // Of a mixture with the model's number of components.
  virtual std::string Components(const GaussianMixture& mixture) const = 0;

  const Axis& x() const { return x_; }
  const Axis& y() const { return y_; }
  const std::string& x_title() const { return x_title_; }
  const std::string& y_title() const { return y_title_; }

 protected:
  Axis x_, y_;
  std::string x_title_, y_title_;
};

// Of one feature or two, x first, in a box at (0, 0); `shown` are the mixtures that will be drawn.
std::unique_ptr<ComponentPlot> MakeComponentPlot(const Model& model, const FeatureCloud& cloud,
                                                 std::span<const TracePoint> shown,
                                                 const std::vector<int>& features, const Box& box);

}  // namespace gmmseg
