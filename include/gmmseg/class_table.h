// ClassTable: one value from which every legend, palette and sidecar is written.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace gmmseg {

using Rgb = std::array<std::uint8_t, 3>;

struct ClassEntry {
  int index = 0;         // the label, 1…K; 0 is "no data" and never a class
  std::string name;      // "class 1" unless given
  Rgb color{};           // the class's colour in every output
  double weight = 0;     // mixing weight
  double share = 0;      // of the valid pixels that carry this label, 0…1
  Eigen::VectorXd mean;  // D, the user's units
};

using ClassTable = std::vector<ClassEntry>;

// Colour of class `index` (1, 2, …): the same for every image. The first eight are told apart by
// colour-blind readers (Okabe, Ito 2008); later ones step through hue and lightness.
Rgb ClassColor(int index);

std::string ToHex(Rgb color);  // "#rrggbb"
// Throws ParameterError unless `text` is "#" and six hexadecimal digits.
Rgb RgbFromHex(const std::string& text);

}  // namespace gmmseg
