#include "render/svg_plot.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "render/encoding.h"

namespace gmmseg {
namespace {

constexpr double kTolerance = 1e-9;  // of ticks' places, in steps
constexpr int kMostDigits = 6;
constexpr double kLargestPlain = 1e6;

// 1, 2 or 5 times a power of ten, at least `least`.
double RoundStep(double least) {
  const double power = std::pow(10.0, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= least * (1 - kTolerance)) return factor * power;
  return 10 * power;
}

std::string TickText(double value, double step) {
  const int digits = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - kTolerance)));
  if (digits > kMostDigits || std::abs(value) >= kLargestPlain) return Format("%.4g", value);
  return Decimal(value, digits);
}

}  // namespace

void Range::Include(double value) {
  low = std::min(low, value);
  high = std::max(high, value);
}

Range RangeOf(std::span<const double> values) {
  if (values.empty()) return {};
  Range range{values.front(), values.front()};
  for (const double value : values) range.Include(value);
  return range;
}

Range Widened(Range range, double share, double smallest) {
  double margin = std::max(share * range.length(), (smallest - range.length()) / 2);
  if (!(range.length() > 0)) margin = std::max({margin, 0.5, 1e-6 * std::abs(range.low)});
  return {range.low - margin, range.high + margin};
}

std::vector<Tick> TicksIn(const Range& range, int wanted, double smallest_step) {
  const double step = std::max(RoundStep(range.length() / wanted), smallest_step);
  const double first = std::ceil(range.low / step - kTolerance);
  const double last = std::floor(range.high / step + kTolerance);
  std::vector<Tick> ticks;
  for (int i = 0; first + i <= last && i <= 2 * wanted; ++i) {
    const double value = (first + i) * step;
    ticks.push_back({value, TickText(value, step)});
  }
  return ticks;
}

std::string Place(double value) {
  std::string text = Format("%.1f", value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text == "-0" ? "0" : text;
}

std::string Decimal(double value, int digits) {
  const std::string text = Format("%.*f", digits, std::abs(value));
  const bool is_zero = text.find_first_not_of("0.") == text.npos;
  return (value < 0 && !is_zero ? "\u2212" : "") + text;
}

std::string Attributes(SvgPlaces places) {
  std::string text;
  for (const auto& [name, value] : places)
    text += std::string(" ") + name + "=\"" + Place(value) + "\"";
  return text;
}

std::string SvgText(double x, double y, const std::string& text, const std::string& attributes) {
  return "<text" + Attributes({{"x", x}, {"y", y}}) + (attributes.empty() ? "" : " ") + attributes +
         ">" + XmlEscaped(text) + "</text>\n";
}

std::string SvgRect(const Box& box, const std::string& attributes) {
  return "<rect" +
         Attributes(
             {{"x", box.left}, {"y", box.top}, {"width", box.width}, {"height", box.height}}) +
         " " + attributes + "/>\n";
}

std::string PathThrough(std::span<const SvgPoint> points) {
  std::string path;
  for (const SvgPoint& point : points)
    path += (path.empty() ? "M" : " ") + Place(point.x) + " " + Place(point.y);
  return path;
}

std::string LinesAcross(const Box& box, const Axis& x, std::span<const Tick> ticks) {
  std::string path;
  for (const Tick& tick : ticks)
    path += "M" + Place(x.At(tick.value)) + " " + Place(box.top) + "v" + Place(box.height);
  return path.empty() ? "" : "<path class=\"grid\" d=\"" + path + "\"/>\n";
}

std::string LinesUp(const Box& box, const Axis& y, std::span<const Tick> ticks) {
  std::string path;
  for (const Tick& tick : ticks)
    path += "M" + Place(box.left) + " " + Place(y.At(tick.value)) + "h" + Place(box.width);
  return path.empty() ? "" : "<path class=\"grid\" d=\"" + path + "\"/>\n";
}

std::string TextsBelow(const Box& box, const Axis& x, std::span<const Tick> ticks) {
  std::string texts;
  for (const Tick& tick : ticks)
    texts += SvgText(x.At(tick.value), box.bottom() + 15, tick.text, "class=\"tick middle\"");
  return texts;
}

std::string TextsLeft(const Box& box, const Axis& y, std::span<const Tick> ticks) {
  std::string texts;
  for (const Tick& tick : ticks)
    texts += SvgText(box.left - 6, y.At(tick.value) + 4, tick.text, "class=\"tick end\"");
  return texts;
}

}  // namespace gmmseg
