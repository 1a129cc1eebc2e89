// ClassTable: one value from which every legend, palette and sidecar is written.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gmmseg {

using Rgb = std::array<std::uint8_t, 3>;

struct ClassEntry {
  int index = 0;         // the label, 1…K; 0 is "no data" and never a class
  std::string name;      // "class 1" unless given
  Rgb color{};           // the class's colour in every output
  double weight = 0;     // mixing weight
  double share = 0;      // of the valid pixels that carry this label, 0…1; NaN: not counted
  Eigen::VectorXd mean;  // D, the user's units
};

using ClassTable = std::vector<ClassEntry>;

// What a user calls a class, and its colour where it is to have another.
struct ClassName {
  std::string name;
  std::optional<Rgb> color;

  bool operator==(const ClassName&) const = default;
};
using ClassNames = std::map<int, ClassName>;  // by index, 1…K; classes may be left out

// Throws ParameterError where a class is named that is none of 1…num_classes.
void CheckClassNames(const ClassNames& names, int num_classes);
// Names and colours the classes that `names` has; the others stay as they are.
void NameClasses(ClassTable& classes, const ClassNames& names);

// Colour of class `index` (1, 2, …): the same for every image. The first eight are told apart by
// colour-blind readers (Okabe, Ito 2008); later ones step through hue and lightness.
Rgb ClassColor(int index);

std::string ToHex(Rgb color);  // "#rrggbb"
// Throws ParameterError unless `text` is "#" and six hexadecimal digits.
Rgb RgbFromHex(const std::string& text);

}  // namespace gmmseg
