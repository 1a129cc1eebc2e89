#include <gmmseg/class_table.h>
#include <gmmseg/errors.h>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <string_view>

#include "features/color_convert.h"

namespace gmmseg {
namespace {

// Okabe and Ito (2008), "Color Universal Design": ordered so that neighbours differ most to colour-
// blind readers too. Their black means "no data" here; a light grey stands in for it.
constexpr std::array<Rgb, 8> kFirstColors{{
    {0x00, 0x72, 0xb2},  // blue
    {0xf0, 0xe4, 0x42},  // yellow
    {0xd5, 0x5e, 0x00},  // vermilion
    {0x56, 0xb4, 0xe9},  // sky blue
    {0x00, 0x9e, 0x73},  // bluish green
    {0xee, 0xee, 0xee},  // light grey
    {0xe6, 0x9f, 0x00},  // orange
    {0xcc, 0x79, 0xa7},  // reddish purple
}};

// Later classes: hue goes on by the golden angle, which keeps any run of hues well spread, over
// four lightness levels, while chroma slowly falls, so that near-equal hues of far classes differ.
// Chosen by search: any two of the first 32 classes are 13 apart in Lab, and 255 have 255 colours.
constexpr std::array<double, 4> kLightness{25, 70, 45, 88};
constexpr double kChroma = 60, kChromaSteps = 250;           // chroma is halved after that many
constexpr double kFirstHue = 200, kGoldenAngle = 137.50776;  // degrees

Rgb LaterColor(int step) {
  const double hue = (kFirstHue + step * kGoldenAngle) * std::numbers::pi / 180;
  const double chroma = kChroma * kChromaSteps / (kChromaSteps + step);
  const std::array<double, 3> color = SrgbFromLab(kLightness[step % kLightness.size()],
                                                  chroma * std::cos(hue), chroma * std::sin(hue));
  Rgb rgb;
  for (int c = 0; c < 3; ++c) rgb[c] = static_cast<std::uint8_t>(std::lround(255 * color[c]));
  return rgb;
}

}  // namespace

Rgb ClassColor(int index) {
  if (index < 1) throw ParameterError("class = " + std::to_string(index) + "; must be >= 1");
  const int step = index - 1, num_first = static_cast<int>(kFirstColors.size());
  return step < num_first ? kFirstColors[step] : LaterColor(step - num_first);
}

void CheckClassNames(const ClassNames& names, int num_classes) {
  for (const auto& [index, named] : names)
    if (index < 1 || index > num_classes)
      throw ParameterError("class " + std::to_string(index) + " is named \"" + named.name +
                           "\"; there are classes 1 to " + std::to_string(num_classes) +
                           ": name none but these");
}

void NameClasses(ClassTable& classes, const ClassNames& names) {
  for (ClassEntry& entry : classes) {
    const auto named = names.find(entry.index);
    if (named == names.end()) continue;
    entry.name = named->second.name;
    entry.color = named->second.color.value_or(entry.color);
  }
}

std::string ToHex(Rgb color) {
  char text[8];
  std::snprintf(text, sizeof text, "#%02x%02x%02x", color[0], color[1], color[2]);
  return text;
}

Rgb RgbFromHex(const std::string& text) {
  std::uint32_t value = 0;
  const char* const end = text.data() + text.size();
  if (text.size() != 7 || text[0] != '#' ||
      std::from_chars(text.data() + 1, end, value, 16).ptr != end)
    throw ParameterError("colour = \"" + text +
                         "\"; must be \"#\" and six hexadecimal digits, such as \"#0072b2\"");
  return {static_cast<std::uint8_t>(value >> 16), static_cast<std::uint8_t>(value >> 8),
          static_cast<std::uint8_t>(value)};
}

}  // namespace gmmseg
