#include "render/convergence.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "base/text.h"
#include "render/component_plot.h"
#include "render/encoding.h"
#include "render/feature_axes.h"
#include "render/svg_plot.h"
#include "segment/training_inputs.h"

namespace gmmseg {
namespace {

constexpr double kWidth = 1200, kLeft = 92, kRight = 24;  // left of the plots stand their numbers
constexpr std::size_t kMostShown = 8;
constexpr double kGap = 14, kCaption = 26;  // beside a panel, and above it
constexpr double kPanelShape = 0.76;        // height by width
constexpr double kStartsWidth = 260;
constexpr double kChartTop = 118, kChartHeight = 170;
constexpr std::size_t kMostMarked = 60;  // points of a curve that are marked one by one
constexpr std::size_t kMostPoints = 600;
constexpr std::size_t kMostSubject = 90;  // bytes

constexpr char kStyle[] = R"(<style>
text { font-family: system-ui, sans-serif; font-size: 13px; fill: #222 }
.title { font-size: 22px; font-weight: 600 }
.heading { font-size: 15px; font-weight: 600 }
.tick, .hint { fill: #555; font-size: 12px }
.middle, .number { text-anchor: middle }
.end { text-anchor: end }
.number { font-size: 11px; font-weight: 600; fill: #000 }
.bright { fill: #fff }
.grid { stroke: #d4d4d4; stroke-width: 1; fill: none }
.frame { fill: none; stroke: #8a8a8a }
.curve { fill: none; stroke: #0072b2; stroke-width: 2 }
.dot { fill: #0072b2 }
.shown { fill: #fff; stroke: #0072b2; stroke-width: 2 }
.rescue { stroke: #a33c00; stroke-width: 1.5; stroke-dasharray: 5 3 }
.said { fill: #a33c00; font-size: 12px; stroke: #fff; stroke-width: 3; paint-order: stroke }
.edge { stroke: #999; stroke-width: 3.4; stroke-linecap: round; fill: none }
.point { stroke-width: 2.4; stroke-linecap: round; fill: none }
.components { fill: none; stroke-width: 1.7 }
.dark { stroke: #1a1a1a; stroke-width: 3 }
.light { stroke: #fff; stroke-width: 3.6 }
.ghost { fill: none; stroke: #555; stroke-width: 1; stroke-dasharray: 2 3 }
.badge { stroke: #1a1a1a; stroke-width: 0.8 }
.bin { fill: #c8c8c8 }
.area { fill-opacity: 0.6; stroke: #1a1a1a; stroke-width: 0.8 }
.sum { fill: none; stroke: #1a1a1a; stroke-width: 1.4; stroke-dasharray: 4 3 }
</style>
)";

std::string ValueName(const Model& model) {
  const bool is_likelihood = IsDensity(model.mixture()) && model.fit.prior.share == 0;
  return is_likelihood ? "log-likelihood" : "objective";
}

// So that a line holds it; no character is cut.
std::string Shortened(const std::string& text) {
  if (text.size() <= kMostSubject) return text;
  std::size_t end = kMostSubject;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

// Places of `most` of `count`, evenly, the first and the last among them.
std::vector<std::size_t> Spread(std::size_t count, std::size_t most) {
  std::vector<std::size_t> places;
  if (count <= most) {
    for (std::size_t i = 0; i < count; ++i) places.push_back(i);
    return places;
  }
  for (std::size_t i = 0; i < most; ++i)
    places.push_back((i * (count - 1) + (most - 1) / 2) / (most - 1));
  return places;
}

bool IsKMeans(const Model& model) { return model.fit.method == FitMethod::kKMeans; }

std::string TitleOf(const Model& model) {
  const std::string inputs = TrainingInputsText(model);
  return std::string("How the ") + (IsKMeans(model) ? "means were" : "mixture was") + " fitted" +
         (inputs.empty() ? "" : " to " + Shortened(inputs));
}

std::vector<TracePoint> ShownOf(const Model& model) {
  const std::vector<TracePoint>& trace = model.fit.trace;
  if (trace.empty()) return {{model.fit.iterations, model.mixture()}};
  std::vector<TracePoint> shown;
  for (const std::size_t i : Spread(trace.size(), kMostShown)) shown.push_back(trace[i]);
  return shown;
}

class ConvergencePicture {
 public:
  ConvergencePicture(const Model& model, const FeatureCloud& cloud)
      : title_(TitleOf(model)), model_(model), fit_(model.fit), cloud_(cloud) {
    if (!IsEmpty()) shown_ = ShownOf(model);
    columns_ = shown_.size() <= 3 || shown_.size() == 5 || shown_.size() == 6 ? 3 : 4;
    const double width = (kWidth - kLeft - kRight - (columns_ - 1) * kGap) / columns_;
    panel_ = {0, 0, width, kPanelShape * width};
  }

  std::string Draw() {
    Say(kLeft, 42, title_, "class=\"title\"");
    Say(kLeft, 68, Summary());
    height_ = 96;
    if (!IsEmpty()) {
      DrawCharts();
      const std::vector<std::vector<int>> projections = Projections();
      for (const std::vector<int>& features : projections) DrawPanels(features);
      DrawKey(projections);
    }
    return Whole();
  }

 private:
  bool IsEmpty() const { return model_.mixture().num_components() == 0; }

  // The features of each, x first.
  std::vector<std::vector<int>> Projections() const {
    const FeatureAxes axes = AxesOf(model_.features);
    std::vector<std::vector<int>> projections = axes.projections;
    for (std::vector<int>& projection : projections)
      for (int& axis : projection) axis = axes.features[axis];
    return projections;
  }

  std::string Whole() const {
    const std::string size = Attributes({{"width", kWidth}, {"height", height_}});
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" "
           "xmlns:xlink=\"http://www.w3.org/1999/xlink\"" +
           size + " viewBox=\"0 0 " + Place(kWidth) + " " + Place(height_) +
           "\" role=\"img\" aria-labelledby=\"title description\">\n<title id=\"title\">" +
           XmlEscaped(title_) + "</title>\n<desc id=\"description\">" +
           XmlEscaped(Summary() + " " + Contents()) + "</desc>\n" + kStyle +
           "<defs>\n<clipPath id=\"panel\">" + SvgRect(panel_, "") + "</clipPath>\n" +
           Badges(model_.classes) + defs_ + "</defs>\n" +
           "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n" + body_ + "</svg>\n";
  }

  std::string Summary() const {
    if (IsEmpty()) return "No pixel has data: nothing was fitted.";
    const int present = static_cast<int>(model_.mixture().PresentComponents().size());
    std::string text = IsKMeans(model_) ? Count(present, "class", "classes")
                                        : Count(present, "Gaussian", "Gaussians");
    if (fit_.requested_components > present)
      text += " of " + std::to_string(fit_.requested_components) + " asked for";
    if (const std::int64_t classes = std::ssize(model_.classes);
        classes < model_.mixture().num_components())
      text += " merged to " + Count(classes, "class", "classes");
    if (!IsKMeans(model_))
      text += std::string(", ") + std::string(ToString(model_.mixture().covariance_type)) +
              " covariances";
    text += ", " + Count(fit_.iterations, "iteration", "iterations") + " of " +
            (IsKMeans(model_) ? "k-means" : "EM");
    text += fit_.converged() ? ", converged." : ", ended by the iteration limit.";
    std::string value = ValueName(model_);
    value[0] = static_cast<char>(value[0] - 'a' + 'A');
    const bool has_prior = fit_.prior.share > 0 && !fit_.history.empty();
    return text + " " + value + " per pixel: " + Decimal(fit_.initial_log_likelihood, 4) +
           " at the start, " + Decimal(has_prior ? fit_.history.back() : fit_.log_likelihood, 4) +
           " at the end.";
  }

  std::string Contents() const {
    return "Above, the " + ValueName(model_) +
           " over the iterations; below, the classes in the space of the features at " +
           std::to_string(shown_.size()) + " of these iterations.";
  }

  // ---- charts -----------------------------------------------------------------------------------

  void DrawCharts() {
    const bool has_starts = fit_.restart_log_likelihoods.size() > 1;
    const double starts_left = kWidth - kRight - kStartsWidth;
    const double right = has_starts ? starts_left - kLeft : kWidth - kRight;
    DrawCurve({kLeft, kChartTop, right - kLeft, kChartHeight});
    if (has_starts) DrawStarts({starts_left, kChartTop, kStartsWidth, kChartHeight});
    height_ = kChartTop + kChartHeight + 44;
  }

  void DrawFrame(const Box& box, const Axis& x, const Axis& y, double smallest_x) {
    const std::vector<Tick> across = TicksIn(x.values, box.width > 400 ? 10 : 5, smallest_x);
    const std::vector<Tick> up = TicksIn(y.values, 5);
    body_ += LinesAcross(box, x, across) + LinesUp(box, y, up) + SvgRect(box, "class=\"frame\"") +
             TextsBelow(box, x, across) + TextsLeft(box, y, up);
  }

  void DrawCurve(const Box& box) {
    std::vector<double> values = {fit_.initial_log_likelihood};
    values.insert(values.end(), fit_.history.begin(), fit_.history.end());
    const double last = std::max<double>(1, static_cast<double>(fit_.history.size()));
    const Axis x{{0, last}, box.left + 10, box.right() - 10};
    const Axis y{Widened(RangeOf(values), 0.08, 1e-4), box.bottom(), box.top};
    const std::string name = ValueName(model_) + " per pixel";
    Say(kLeft, box.top - 14, "The " + name + ", iteration by iteration", "class=\"heading\"");
    DrawFrame(box, x, y, 1);
    DrawLine(values, x, y, 0);
    DrawRescues(box, x);
    for (const TracePoint& point : shown_)
      if (point.iteration < std::ssize(values))
        Circle(x.At(point.iteration), y.At(values[point.iteration]), 4.5, "shown");
    Say((box.left + box.right()) / 2, box.bottom() + 33,
        StartText() + "; the rings are shown below", "class=\"hint middle\"");
  }

  std::string StartText() const {
    return fit_.restarts > 1
               ? Format("iteration; 0 is where the best of %d starts led on a subsample",
                        fit_.restarts)
               : "iteration; 0 is the start";
  }

  // Value i at x = first + i.
  void DrawLine(const std::vector<double>& values, const Axis& x, const Axis& y, double first) {
    std::vector<SvgPoint> points;
    for (const std::size_t i : Spread(values.size(), kMostPoints))
      points.push_back({x.At(first + static_cast<double>(i)), y.At(values[i])});
    if (points.size() > 1) body_ += "<path class=\"curve\" d=\"" + PathThrough(points) + "\"/>\n";
    if (points.size() <= kMostMarked)
      for (const SvgPoint& point : points) Circle(point.x, point.y, 2.6, "dot");
  }

  // Iterations in which components were placed anew or dropped.
  void DrawRescues(const Box& box, const Axis& x) {
    std::map<int, std::pair<int, int>> by_iteration;
    for (const Rescue& rescue : fit_.rescues)
      ++(rescue.dropped ? by_iteration[rescue.iteration].second
                        : by_iteration[rescue.iteration].first);
    for (double y = box.top + 14; const auto& [iteration, counts] : by_iteration) {
      const double at = x.At(iteration);
      body_ += "<path class=\"rescue\" d=\"M" + Place(at) + " " + Place(box.top) + "v" +
               Place(box.height) + "\"/>\n";
      std::string text;
      if (counts.first > 0) text = Format("%d placed anew", counts.first);
      if (counts.second > 0)
        text += Format("%s%d dropped", text.empty() ? "" : ", ", counts.second);
      const bool at_end = at > box.left + box.width - 160;
      Say(at_end ? at - 6 : at + 6, y, text, at_end ? "class=\"said end\"" : "class=\"said\"");
      y = y + 14 < box.bottom() ? y + 14 : box.top + 14;
    }
  }

  void DrawStarts(const Box& box) {
    const std::vector<double>& values = fit_.restart_log_likelihoods;
    const Axis x{{1, static_cast<double>(values.size())}, box.left + 10, box.right() - 10};
    const Axis y{Widened(RangeOf(values), 0.08, 1e-4), box.bottom(), box.top};
    Say(box.left, box.top - 14, Format("The %zu starts, on a subsample", values.size()),
        "class=\"heading\"");
    DrawFrame(box, x, y, 1);
    DrawLine(values, x, y, 1);
    Say((box.left + box.right()) / 2, box.bottom() + 33, "place among the starts, the best first",
        "class=\"hint middle\"");
  }

  // ---- panels -----------------------------------------------------------------------------------

  // One panel for each iteration that is shown, all with the same axes and background.
  void DrawPanels(const std::vector<int>& features) {
    const std::unique_ptr<ComponentPlot> plot =
        MakeComponentPlot(model_, cloud_, shown_, features, panel_);
    const std::string id = "background" + std::to_string(++num_backgrounds_);
    const std::vector<Tick> across = TicksIn(plot->x().values, 5);
    const std::vector<Tick> up = TicksIn(plot->y().values, 5);
    defs_ += "<g id=\"" + id + "\">\n" + LinesAcross(panel_, plot->x(), across) +
             LinesUp(panel_, plot->y(), up) + plot->Background() + "</g>\n";
    Say(kLeft, height_ + 22, plot->y_title() + " over " + plot->x_title(), "class=\"heading\"");
    height_ += 34;
    const auto count = std::ssize(shown_);
    for (std::int64_t i = 0; i < count; ++i) {
      BeginPanel(i);
      body_ += SvgText(0, -8, CaptionOf(shown_[i])) +
               "<g clip-path=\"url(#panel)\">\n<use xlink:href=\"#" + id +
               "\"/>\n<g class=\"components\">\n" + plot->Components(shown_[i].model) +
               "</g>\n</g>\n" + SvgRect(panel_, "class=\"frame\"");
      if (i % columns_ == 0) body_ += TextsLeft(panel_, plot->y(), up);
      if (i + columns_ >= count) body_ += TextsBelow(panel_, plot->x(), across);
      body_ += "</g>\n";
    }
    const auto rows = static_cast<double>((count + columns_ - 1) / columns_);
    height_ += rows * (panel_.height + kCaption) + 40;
  }

  void BeginPanel(std::int64_t i) {
    const auto column = static_cast<double>(i % columns_), row = static_cast<double>(i / columns_);
    body_ += "<g transform=\"translate(" + Place(kLeft + column * (panel_.width + kGap)) + " " +
             Place(height_ + row * (panel_.height + kCaption) + kCaption) + ")\">\n";
  }

  double ValueAt(int iteration) const {
    if (iteration == fit_.iterations) return fit_.log_likelihood;
    return iteration == 0 ? fit_.initial_log_likelihood
                          : fit_.history.at(static_cast<std::size_t>(iteration) - 1);
  }

  // With as many digits as tell iterations apart.
  std::string CaptionOf(const TracePoint& point) const {
    const double climb = std::abs(fit_.log_likelihood - fit_.initial_log_likelihood);
    const int digits = climb > 0 ? static_cast<int>(std::ceil(1 - std::log10(climb))) : 0;
    const std::string name =
        point.iteration == 0 ? "start" : "iteration " + std::to_string(point.iteration);
    return name + ", " + Decimal(ValueAt(point.iteration), std::clamp(digits, 4, 7));
  }

  // ---- the key ----------------------------------------------------------------------------------

  void DrawKey(const std::vector<std::vector<int>>& projections) {
    std::vector<std::string> lines;
    if (projections.front().size() == 1)
      lines.push_back(std::string(cloud_.values.empty() ? "" : "Bars: pixels. ") +
                      "Areas: the Gaussians times their weights; dashed: their sum.");
    if (projections.back().size() == 2) lines.push_back(EllipsesText());
    if (std::ssize(model_.mixture().PresentComponents()) > kMostDrawn)
      lines.push_back(Format("Only the %d heaviest Gaussians are drawn.", kMostDrawn));
    for (const std::string& line : lines) {
      Say(kLeft, height_ + 6, line, "class=\"hint\"");
      height_ += 18;
    }
    height_ += 12;
  }

  std::string EllipsesText() const {
    std::string text = cloud_.values.empty()   ? ""
                       : cloud_.colors.empty() ? "Dots: pixels of the images. "
                                               : "Dots: pixels in their own colours. ";
    const bool has_inner = std::ssize(model_.mixture().PresentComponents()) <= kMostWithInner;
    text += has_inner ? "Ellipses: 1 and 2" : "Ellipses: 2";
    text += " standard deviations around a mean, where its class's number stands";
    return text + (shown_.size() > 1 ? "; dotted: 2 of them in the first panel." : ".");
  }

  void Say(double x, double y, const std::string& text, const std::string& attributes = "") {
    body_ += SvgText(x, y, text, attributes);
  }

  void Circle(double x, double y, double radius, const std::string& kind) {
    body_ += "<circle class=\"" + kind + "\"" + Attributes({{"cx", x}, {"cy", y}, {"r", radius}}) +
             "/>\n";
  }

  std::string title_;
  const Model& model_;
  const FitResult& fit_;
  const FeatureCloud& cloud_;
  std::vector<TracePoint> shown_;
  int columns_ = 1;
  Box panel_;
  double height_ = 0;  // that is filled
  int num_backgrounds_ = 0;
  std::string defs_, body_;
};

}  // namespace

std::string ConvergenceSvg(const Model& model, const FeatureCloud& cloud) {
  return ConvergencePicture(model, cloud).Draw();
}

}  // namespace gmmseg
