#include "io/map_writer.h"

namespace gmmseg {
namespace {

std::string Escaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&')
      escaped += "&amp;";
    else if (c == '<')
      escaped += "&lt;";
    else if (c == '>')
      escaped += "&gt;";
    else if (c == '"')
      escaped += "&quot;";
    else
      escaped += c;
  }
  return escaped;
}

}  // namespace

// The layer style of QGIS 3 for a renderer of palettes.
std::string QgisStyle(const ClassTable& classes) {
  std::string entries;
  for (const ClassEntry& entry : classes)
    entries += "        <paletteEntry value=\"" + std::to_string(entry.index) + "\" label=\"" +
               Escaped(entry.name) + "\" color=\"" + ToHex(entry.color) + "\" alpha=\"255\"/>\n";
  return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
         "<qgis version=\"3.22.0\" styleCategories=\"Symbology\" "
         "hasScaleBasedVisibilityFlag=\"0\">\n"
         "  <pipe>\n"
         "    <rasterrenderer type=\"paletted\" band=\"1\" opacity=\"1\" alphaBand=\"-1\" "
         "nodataColor=\"\">\n"
         "      <rasterTransparency/>\n"
         "      <colorPalette>\n" +
         entries +
         "      </colorPalette>\n"
         "    </rasterrenderer>\n"
         "    <brightnesscontrast brightness=\"0\" contrast=\"0\"/>\n"
         "    <huesaturation saturation=\"0\" grayscaleMode=\"0\" colorizeOn=\"0\"/>\n"
         "    <rasterresampler maxOversampling=\"2\"/>\n"
         "  </pipe>\n"
         "  <blendMode>0</blendMode>\n"
         "</qgis>\n";
}

}  // namespace gmmseg
