#include "io/label_tables.h"

#include <algorithm>

#include "base/csv_field.h"
#include "base/text.h"

namespace gmmseg {
namespace {

// With `other` for each character that the format gives a meaning.
std::string Without(const std::string& signs, std::string text, char other) {
  std::ranges::replace_if(
      text, [&](char c) { return signs.find(c) != signs.npos; }, other);
  return text;
}

}  // namespace

std::string ItkSnapLabels(const ClassTable& classes) {
  std::string text =
      "################################################\n"
      "# ITK-SnAP Label Description File\n"
      "# File format:\n"
      "# IDX   -R-  -G-  -B-  -A--  VIS MSH  LABEL\n"
      "# Fields:\n"
      "#    IDX:   Zero-based index\n"
      "#    -R-:   Red color component (0..255)\n"
      "#    -G-:   Green color component (0..255)\n"
      "#    -B-:   Blue color component (0..255)\n"
      "#    -A-:   Label transparency (0.00 .. 1.00)\n"
      "#    VIS:   Label visibility (0 or 1)\n"
      "#    MSH:   Label mesh visibility (0 or 1)\n"
      "#  LABEL:   Label description\n"
      "################################################\n"
      "    0     0    0    0        0  0  0    \"Clear Label\"\n";
  for (const ClassEntry& entry : classes)
    text += Format("%5d   %3d  %3d  %3d        1  1  1    \"", entry.index, entry.color[0],
                   entry.color[1], entry.color[2]) +
            Without("\"\r\n", entry.name, '\'') + "\"\n";
  return text;
}

std::string SlicerColors(const ClassTable& classes) {
  std::string text = "# Color table file of gmmseg\n# " + std::to_string(classes.size() + 1) +
                     " values\n0 Background 0 0 0 0\n";
  for (const ClassEntry& entry : classes) {
    const std::string name = Without(" \t\r\n", entry.name, '_');
    text += std::to_string(entry.index) + " " + (name.empty() ? "_" : name) +
            Format(" %d %d %d 255\n", entry.color[0], entry.color[1], entry.color[2]);
  }
  return text;
}

std::string VolumesCsv(const ClassTable& classes, const std::vector<ClassVolume>& volumes) {
  std::string text = std::string(kVolumesCsvStart) + "\n";
  for (std::size_t k = 0; k < volumes.size(); ++k)
    text += std::to_string(classes[k].index) + "," + CsvField(classes[k].name) +
            Format(",%lld,%.9g,%.9g\n", static_cast<long long>(volumes[k].voxels), volumes[k].ml,
                   volumes[k].ml_weighted);
  return text;
}

}  // namespace gmmseg
