// Pictures of a segmentation: colours only, no files.
#pragma once

#include <gmmseg/class_table.h>
#include <gmmseg/raster.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace gmmseg {

// Heatmap indices: 0 = no data (label 0); 1…255 stand for 0…1 (value = (index - 1) / 254), and
// values outside are clipped. Throws ParameterError unless there is one label per value.
std::vector<std::uint8_t> HeatIndices(std::span<const float> values,
                                      std::span<const std::uint16_t> labels);

// 256 colours for those indices: entry 0 black, 1…255 the colour map from low to high.
enum class ColorMap {
  kViridis,  // probabilities
  kMagma,    // uncertainty
};
std::vector<Rgb> HeatPalette(ColorMap map);

// Palette for label masks: entry 0 black ("no data"), then the classes' colours.
std::vector<Rgb> LabelPalette(const ClassTable& classes);

// Palette for marks of anomalies, by AnomalyMark: usual pixels are dark grey, unlikely ones yellow,
// outliers blue, those that are both red.
std::vector<Rgb> AnomalyPalette();

// Which values pictures show: value v as grey (v - centre) / width + 1/2 of 0 (black) to 1 (white),
// and what lies outside saturates (DICOM PS3.3 C.11.2.1.3.2, LINEAR_EXACT). In the raster's units.
struct DisplayWindow {
  double centre = 0;
  double width = 1;  // > 0
};
// Throws ParameterError.
void CheckDisplayWindow(const DisplayWindow& window);

// The raster as an 8-bit colour picture: colours as they are, grey as grey, other band counts by
// their first three (or first) bands stretched from the 2nd to the 98th percentile; float colours
// clipped to 0…1, float grey stretched; or every band through the window, if there is one. Black
// where there is no data.
std::vector<Rgb> DisplayImage(const Raster& raster,
                              const std::optional<DisplayWindow>& window = {});

inline constexpr double kOverlayOpacity = 0.5;

// The picture with class colours laid over it (opacity 0…1) and boundaries between classes drawn
// one pixel wide, black or white; pixels of label 0 stay as they are. Throws ParameterError if the
// sizes differ, a label is not in the table, or the opacity is out of range.
std::vector<Rgb> Overlay(std::span<const Rgb> picture, std::int64_t width, std::int64_t height,
                         std::span<const std::uint16_t> labels, const ClassTable& classes,
                         double opacity = kOverlayOpacity);

}  // namespace gmmseg
