#include "render/component_plot.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/text.h"

namespace gmmseg {
namespace {

constexpr double kSpread = 2;        // of the outer ellipse, in standard deviations
constexpr double kCloudPart = 0.25;  // of the cloud's range: what ellipses may add to it
constexpr double kMargin = 0.04;
constexpr int kBins = 48;
constexpr double kMostPeak = 2.5;  // of a class that is narrow, in highest bins
constexpr int kCurvePoints = 40;
constexpr double kCurveReach = 4;                        // standard deviations
constexpr double kLeastWidth = 1.0 / 400;                // of a class as drawn, in ranges
constexpr double kLeastRadius = 0.1, kMostRadius = 1e5;  // of an ellipse

// Of the components that are present, the heaviest kMostDrawn, ascending.
std::vector<int> Drawn(const GaussianMixture& mixture) {
  std::vector<int> drawn = mixture.PresentComponents();
  std::ranges::stable_sort(drawn, std::ranges::greater(),
                           [&mixture](int k) { return mixture.weights[k]; });
  if (std::ssize(drawn) > kMostDrawn) drawn.resize(kMostDrawn);
  std::ranges::sort(drawn);
  return drawn;
}

double Luminance(Rgb color) {
  const auto linear = [](double c) {
    return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(color[0] / 255.0) + 0.7152 * linear(color[1] / 255.0) +
         0.0722 * linear(color[2] / 255.0);
}

// Whether black stands out more against the colour than white (WCAG 2, contrast ratio).
bool IsLight(Rgb color) { return Luminance(color) > 0.179; }

std::string TitleOf(const FeatureInfo& info) {
  if (info.unit.empty()) return info.name;
  std::string unit = info.unit;
  if (const std::size_t dots = unit.find(".."); dots != unit.npos) unit.replace(dots, 2, "–");
  return info.name + " (" + unit + ")";
}

std::string BadgeId(const ClassEntry& entry) { return "class" + std::to_string(entry.index); }

std::string BadgeAt(double x, double y, const ClassEntry& entry) {
  return "<use xlink:href=\"#" + BadgeId(entry) + "\"" + Attributes({{"x", x}, {"y", y}}) + "/>\n";
}

class ClassPlot : public ComponentPlot {
 protected:
  ClassPlot(const Model& model, const FeatureCloud& cloud, std::span<const TracePoint> shown)
      : model_(model),
        cloud_(cloud),
        shown_(shown),
        final_(model.mixture()),
        drawn_(Drawn(model.mixture())) {}

  // The cloud's and the means' range; the final ellipses widen it where there is room.
  Range DomainOf(int feature) const {
    std::vector<double> values;
    for (const Eigen::VectorXd& value : cloud_.values) values.push_back(value[feature]);
    Range range = RangeOf(values);
    const bool has_cloud = !values.empty();
    const double margin = kCloudPart * range.length();
    const Range most{range.low - margin, range.high + margin};
    if (!has_cloud) range = {final_.means(0, feature), final_.means(0, feature)};
    for (const int k : drawn_) {
      const double mean = final_.means(k, feature);
      const double reach = kSpread * std::sqrt(final_.covariances[k](feature, feature));
      range.Include(has_cloud ? std::max(mean - reach, most.low) : mean - reach);
      range.Include(has_cloud ? std::min(mean + reach, most.high) : mean + reach);
    }
    for (const TracePoint& point : shown_)
      for (const int k : drawn_) range.Include(point.model.means(k, feature));
    return Widened(range, kMargin);
  }

  const ClassEntry& ClassOf(int component) const {
    return model_.classes[model_.merge.ClassOf(component)];
  }

  const Model& model_;
  const FeatureCloud& cloud_;
  std::span<const TracePoint> shown_;
  const GaussianMixture& final_;
  const std::vector<int> drawn_;  // components, the same ones for every model
};

// ---- two features -------------------------------------------------------------------------------

// Both show pixels: the one that gives them more room takes the other's scale.
void MakeEqual(Axis& a, Axis& b) {
  Axis& finer = std::abs(a.factor()) > std::abs(b.factor()) ? a : b;
  const Axis& coarser = &finer == &a ? b : a;
  const double length = std::abs((finer.last - finer.first) / coarser.factor());
  const double middle = (finer.values.low + finer.values.high) / 2;
  finer.values = {middle - length / 2, middle + length / 2};
}

class EllipsePlot : public ClassPlot {
 public:
  EllipsePlot(const Model& model, const FeatureCloud& cloud, std::span<const TracePoint> shown,
              int across, int up, const Box& box)
      : ClassPlot(model, cloud, shown), across_(across), up_(up) {
    const FeatureInfo &x = model.features.info[across], &y = model.features.info[up];
    x_title_ = TitleOf(x);
    y_title_ = TitleOf(y);
    x_ = {DomainOf(across), box.left, box.right()};
    y_ = {DomainOf(up), box.bottom(), box.top};
    if (y.source != "position") return;
    std::swap(y_.first, y_.last);  // rows count downwards
    MakeEqual(x_, y_);
  }

  std::string Background() const override {
    std::string edge, points;
    for (std::size_t i = 0; i < cloud_.values.size(); ++i) {
      const std::string at = "M" + Place(x_.At(cloud_.values[i][across_])) + " " +
                             Place(y_.At(cloud_.values[i][up_])) + "h0";
      edge += at;
      if (!cloud_.colors.empty())
        points += "<path stroke=\"" + ToHex(cloud_.colors[i]) + "\" d=\"" + at + "\"/>\n";
    }
    if (edge.empty()) return Ghosts();
    return "<path class=\"edge\" d=\"" + edge + "\"/>\n<g class=\"point\">\n" + points + "</g>\n" +
           Ghosts();
  }

  std::string Components(const GaussianMixture& mixture) const override {
    const bool has_inner = std::ssize(drawn_) <= kMostWithInner;
    std::string outlines, badges;
    for (const int k : drawn_) {
      outlines += Outlines(mixture, k, has_inner);
      badges += BadgeAt(x_.At(mixture.means(k, across_)), y_.At(mixture.means(k, up_)), ClassOf(k));
    }
    return outlines + badges;
  }

 private:
  // In the plot's units: where it lies, and of one standard deviation.
  struct Ellipse {
    double x, y, major, minor, degrees;
  };

  Ellipse EllipseOf(const GaussianMixture& mixture, int k) const {
    const Eigen::MatrixXd& covariance = mixture.covariances[k];
    const double fx = x_.factor(), fy = y_.factor();
    const double xx = fx * fx * covariance(across_, across_);
    const double yy = fy * fy * covariance(up_, up_);
    const double xy = fx * fy * covariance(across_, up_);
    const double half = (xx - yy) / 2, middle = (xx + yy) / 2, root = std::hypot(half, xy);
    const auto radius = [](double variance) {
      return std::clamp(std::sqrt(std::max(variance, 0.0)), kLeastRadius, kMostRadius);
    };
    return {x_.At(mixture.means(k, across_)), y_.At(mixture.means(k, up_)), radius(middle + root),
            radius(middle - root), std::atan2(xy, half) / 2 * 180 / std::numbers::pi};
  }

  static std::string Turned(const Ellipse& ellipse) {
    return " transform=\"translate(" + Place(ellipse.x) + " " + Place(ellipse.y) + ")rotate(" +
           Place(ellipse.degrees) + ")\"";
  }

  static std::string Radii(const Ellipse& ellipse, double deviations) {
    return Attributes({{"rx", deviations * ellipse.major}, {"ry", deviations * ellipse.minor}});
  }

  // Each on a wider line that sets it off the points.
  std::string Outlines(const GaussianMixture& mixture, int k, bool has_inner) const {
    const Ellipse ellipse = EllipseOf(mixture, k);
    const std::string casing = IsLight(ClassOf(k).color) ? "dark" : "light";
    std::string text = "<g" + Turned(ellipse) + " stroke=\"" + ToHex(ClassOf(k).color) + "\">";
    for (const double deviations : {kSpread, 1.0})
      if (deviations == kSpread || has_inner)
        text += "<ellipse class=\"" + casing + "\"" + Radii(ellipse, deviations) + "/><ellipse" +
                Radii(ellipse, deviations) + "/>";
    return text + "</g>\n";
  }

  // The outer ellipses of the first mixture, where there are others to compare with it.
  std::string Ghosts() const {
    if (shown_.size() < 2) return "";
    const GaussianMixture& first = shown_.front().model;
    std::string text;
    for (const int k : drawn_) {
      const Ellipse ellipse = EllipseOf(first, k);
      text += "<ellipse class=\"ghost\"" + Turned(ellipse) + Radii(ellipse, kSpread) + "/>\n";
    }
    return text;
  }

  int across_, up_;
};

// ---- one feature --------------------------------------------------------------------------------

class DensityPlot : public ClassPlot {
 public:
  DensityPlot(const Model& model, const FeatureCloud& cloud, std::span<const TracePoint> shown,
              int feature, const Box& box)
      : ClassPlot(model, cloud, shown), feature_(feature) {
    x_title_ = TitleOf(model.features.info[feature]);
    y_title_ = "density";
    x_ = {DomainOf(feature), box.left, box.right()};
    const std::vector<double> bins = Bins();
    double highest = 0;
    for (const int k : final_.PresentComponents())
      highest = std::max(highest, Density(final_, k, final_.means(k, feature)));
    if (!bins.empty()) {
      const double bin = std::ranges::max(bins);
      highest = std::max(std::min(highest, kMostPeak * bin), bin);
    }
    y_ = {{0, 1.1 * highest}, box.bottom(), box.top};
  }

  std::string Background() const override {
    std::string path;
    const std::vector<double> bins = Bins();
    const double width = x_.values.length() / kBins;
    for (int i = 0; i < std::ssize(bins); ++i)
      if (bins[i] > 0)
        path += "M" + Place(x_.At(x_.values.low + i * width)) + " " + Place(y_.first) + "V" +
                Place(y_.At(bins[i])) + "h" + Place(x_.factor() * width - 0.6) + "V" +
                Place(y_.first) + "z";
    return path.empty() ? "" : "<path class=\"bin\" d=\"" + path + "\"/>\n";
  }

  std::string Components(const GaussianMixture& mixture) const override {
    std::string areas, badges;
    for (const int k : drawn_) {
      areas += "<path class=\"area\" fill=\"" + ToHex(ClassOf(k).color) + "\" d=\"" +
               PathThrough(Curve(mixture, k)) + "\"/>\n";
      const double mean = mixture.means(k, feature_);
      const double top = y_.At(Density(mixture, k, mean));
      badges += BadgeAt(x_.At(mean), std::max(top, y_.last + 10), ClassOf(k));
    }
    return areas + "<path class=\"sum\" d=\"" + PathThrough(Sum(mixture)) + "\"/>\n" + badges;
  }

 private:
  // Of the cloud: its density, bin by bin; empty without one.
  std::vector<double> Bins() const {
    if (cloud_.values.empty()) return {};
    const double width = x_.values.length() / kBins;
    std::vector<double> bins(kBins);
    for (const Eigen::VectorXd& value : cloud_.values) {
      const auto bin = static_cast<int>((value[feature_] - x_.values.low) / width);
      bins[std::clamp(bin, 0, kBins - 1)] +=
          1 / (static_cast<double>(cloud_.values.size()) * width);
    }
    return bins;
  }

  // A class narrower than what the plot can show is as narrow as it can.
  double Deviation(const GaussianMixture& mixture, int k) const {
    return std::max(std::sqrt(mixture.covariances[k](feature_, feature_)),
                    kLeastWidth * x_.values.length());
  }

  double Density(const GaussianMixture& mixture, int k, double value) const {
    const double deviation = Deviation(mixture, k);
    const double distance = (value - mixture.means(k, feature_)) / deviation;
    return mixture.weights[k] * std::exp(-distance * distance / 2) /
           (deviation * std::sqrt(2 * std::numbers::pi));
  }

  std::vector<SvgPoint> Curve(const GaussianMixture& mixture, int k) const {
    const double reach = kCurveReach * Deviation(mixture, k);
    std::vector<SvgPoint> points;
    for (int i = 0; i <= kCurvePoints; ++i) {
      const double value = mixture.means(k, feature_) + reach * (2.0 * i / kCurvePoints - 1);
      points.push_back({x_.At(value), y_.At(Density(mixture, k, value))});
    }
    return points;
  }

  std::vector<SvgPoint> Sum(const GaussianMixture& mixture) const {
    constexpr int kPoints = 180;
    std::vector<SvgPoint> points;
    for (int i = 0; i <= kPoints; ++i) {
      const double value = x_.values.low + x_.values.length() * i / kPoints;
      double sum = 0;
      for (const int k : mixture.PresentComponents()) sum += Density(mixture, k, value);
      points.push_back({x_.At(value), y_.At(sum)});
    }
    return points;
  }

  int feature_;
};

}  // namespace

std::string Badges(const ClassTable& classes) {
  std::string badges;
  for (const ClassEntry& entry : classes) {
    const std::string text = std::to_string(entry.index);
    const double width = 9 + 6.5 * static_cast<double>(text.size());
    badges +=
        "<g id=\"" + BadgeId(entry) + "\">" +
        SvgRect({-width / 2, -8, width, 16},
                "rx=\"8\" class=\"badge\" fill=\"" + ToHex(entry.color) + "\"") +
        SvgText(0, 4, text, IsLight(entry.color) ? "class=\"number\"" : "class=\"number bright\"") +
        "</g>\n";
  }
  return badges;
}

std::unique_ptr<ComponentPlot> MakeComponentPlot(const Model& model, const FeatureCloud& cloud,
                                                 std::span<const TracePoint> shown,
                                                 const std::vector<int>& features, const Box& box) {
  if (features.size() == 1)
    return std::make_unique<DensityPlot>(model, cloud, shown, features.front(), box);
  return std::make_unique<EllipsePlot>(model, cloud, shown, features.front(), features.back(), box);
}

}  // namespace gmmseg
