// What plots in SVG are made of: ranges, axes, ticks and texts. Lengths are in the picture's units,
// y downwards.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace gmmseg {

struct Range {
  double low = 0, high = 1;

  double length() const { return high - low; }
  void Include(double value);
};

// The least range with all of them; 0…1 of none.
Range RangeOf(std::span<const double> values);

// Longer at both ends by this share of its length, and `smallest` long at least; never empty.
Range Widened(Range range, double share, double smallest = 0);

// Values as places.
struct Axis {
  Range values;
  double first = 0, last = 1;  // the places of values.low and values.high

  double factor() const { return (last - first) / values.length(); }
  double At(double value) const { return first + factor() * (value - values.low); }
};

struct Tick {
  double value;
  std::string text;
};
// At round numbers in the range, at least `smallest_step` apart: about `wanted` of them.
std::vector<Tick> TicksIn(const Range& range, int wanted, double smallest_step = 0);

struct Box {
  double left = 0, top = 0, width = 0, height = 0;

  double right() const { return left + width; }
  double bottom() const { return top + height; }
};

// A length or place, to a tenth: "12", "3.5".
std::string Place(double value);

// A number to read: `digits` behind the point, and U+2212 as its sign.
std::string Decimal(double value, int digits);

// ` name="12" other="3.5"`, each of the pairs.
using SvgPlaces = std::initializer_list<std::pair<const char*, double>>;
std::string Attributes(SvgPlaces places);

// `attributes` stand within the tag; the text is escaped.
std::string SvgText(double x, double y, const std::string& text,
                    const std::string& attributes = "");
std::string SvgRect(const Box& box, const std::string& attributes);

// "M1 2 3 4": through all of the points in turn.
struct SvgPoint {
  double x, y;
};
std::string PathThrough(std::span<const SvgPoint> points);

// Lines across the box, and the ticks' texts along its edge.
std::string LinesAcross(const Box& box, const Axis& x, std::span<const Tick> ticks);
std::string LinesUp(const Box& box, const Axis& y, std::span<const Tick> ticks);
std::string TextsBelow(const Box& box, const Axis& x, std::span<const Tick> ticks);
std::string TextsLeft(const Box& box, const Axis& y, std::span<const Tick> ticks);

}  // namespace gmmseg
