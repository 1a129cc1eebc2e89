#include "batch/label_pictures.h"

#include <algorithm>

#include "render/painters.h"

namespace gmmseg {
namespace {

constexpr std::size_t kMaxIndexedClasses = 255;  // one byte, label 0 apart

// A picture of f(label) at each pixel.
template <typename T, typename Function>
Picture PictureOf(std::string path, const LabelView& view, PixelKind kind,
                  std::optional<Palette> palette, Function f) {
  return PixelPicture(
      std::move(path), view.size, kind, std::move(palette),
      [all = view.labels, f](std::int64_t first, std::int64_t count, std::uint8_t* bytes) {
        const auto labels = all.begin() + first;
        std::transform(labels, labels + count, reinterpret_cast<T*>(bytes), f);
      });
}

}  // namespace

Picture LabelMask(std::string path, const LabelView& view) {
  if (view.classes.size() > kMaxIndexedClasses)
    return PictureOf<std::uint16_t>(std::move(path), view, PixelKind::kGray16, {},
                                    [](std::uint16_t label) { return label; });
  return PictureOf<std::uint8_t>(
      std::move(path), view, PixelKind::kIndex8,
      Palette{LabelPalette(view.classes), ZeroIndex::kTransparent},
      [](std::uint16_t label) { return static_cast<std::uint8_t>(label); });
}

Picture ClassMask(std::string path, const LabelView& view, int k) {
  return PictureOf<std::uint8_t>(
      std::move(path), view, PixelKind::kGray8, {},
      [k](std::uint16_t label) -> std::uint8_t { return label == k ? 255 : 0; });
}

Picture OverlayPicture(std::string path, const LabelView& view, const Raster& raster,
                       const std::optional<DisplayWindow>& window) {
  return PixelPicture(std::move(path), view.size, PixelKind::kRgb8, {},
                      [display = DisplayPainter(raster, window),
                       overlay = OverlayPainter(view.size.width, view.size.height, view.labels,
                                                view.classes, kOverlayOpacity)](
                          std::int64_t first, std::int64_t count, std::uint8_t* bytes) {
                        Rgb* const pixels = reinterpret_cast<Rgb*>(bytes);
                        display.Paint(first, count, pixels);
                        overlay.Paint(first, count, pixels);
                      });
}

}  // namespace gmmseg
