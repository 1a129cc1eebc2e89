#include "batch/write_region_outputs.h"

#include <gmmseg/region_io.h>
#include <gmmseg/region_posteriors.h>
#include <gmmseg/render.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "base/text.h"
#include "batch/class_map.h"
#include "batch/label_pictures.h"
#include "batch/output_names.h"
#include "batch/write_outputs.h"
#include "io/regions_format.h"
#include "render/heat_index.h"
#include "render/painters.h"

namespace gmmseg {
namespace {

ClassTable TableOf(const Regions& regions) {
  ClassTable table;
  for (const RegionEntry& region : regions.table) {
    const auto index = static_cast<int>(region.index);
    table.push_back({.index = index,
                     .name = "region " + std::to_string(index),
                     .color = ClassColor(index),
                     .mean = Eigen::VectorXd::Map(region.mean.data(), std::ssize(region.mean))});
  }
  return table;
}

// Each region in the mean of its colours, as they are displayed.
ClassTable InMeanColors(ClassTable table, const Raster& raster, const Regions& regions,
                        const std::optional<DisplayWindow>& window) {
  std::vector<std::array<double, 3>> sums(table.size());
  const DisplayPainter painter(raster, window);
  std::vector<Rgb> row(regions.width);
  for (std::int64_t y = 0; y < regions.height; ++y) {
    painter.Paint(y * regions.width, regions.width, row.data());
    for (std::int64_t x = 0; x < regions.width; ++x)
      if (const std::uint32_t label = regions.labels[y * regions.width + x]; label > 0)
        for (int c = 0; c < 3; ++c) sums[label - 1][c] += row[x][c];
  }
  for (std::size_t r = 0; r < table.size(); ++r)
    for (int c = 0; c < 3; ++c)
      table[r].color[c] = static_cast<std::uint8_t>(
          std::lround(sums[r][c] / static_cast<double>(regions.table[r].area)));
  return table;
}

// What a map says of the regions, in the domain GMMSEG.
std::vector<std::pair<std::string, std::string>> MapMetadata(const Regions& regions) {
  return {{"VERSION", GMMSEG_VERSION},
          {"SEED", std::to_string(regions.options.seed)},
          {"REGIONS", std::to_string(regions.num_regions())},
          {"LEVEL", Format("%.17g", regions.level)}};
}

class RegionWriter {
 public:
  RegionWriter(const boost::filesystem::path& folder, const std::string& stem, const Raster& raster,
               const Regions& regions, const OutputOptions& output)
      : folder_(folder), stem_(stem), raster_(raster), regions_(regions), output_(output) {}

  void Write() const {
    WriteLabels();
    if (Wants(Output::kHeatmaps) && num_regions() > 0) WriteHeatmaps();
    if (Wants(Output::kHierarchy)) WriteHierarchy();
    if (Wants(Output::kRegionTable)) {
      const RegionTableNames names = RegionTableNamesOf(stem_);
      WriteRegionsCsv((folder_ / names.csv).string(), raster_, regions_);
      WriteRegionsJson((folder_ / names.json).string(), raster_, regions_);
    }
    if (Wants(Output::kPolygons)) WriteRegionsGeoJson(PathOf(Output::kPolygons), raster_, regions_);
  }

 private:
  bool Wants(Output output) const { return output_.outputs.contains(output); }
  int num_regions() const { return static_cast<int>(regions_.num_regions()); }
  PictureSize size() const { return {regions_.width, regions_.height}; }
  std::string PathOf(Output output, int r = 0) const {
    return (folder_ / OutputName(stem_, output, OutputKind::kPicture, r)).string();
  }

  bool IsMap() const { return raster_.georeference().IsLocated(); }

  void WriteLabels() const {
    if (!Wants(Output::kLabels) && !Wants(Output::kOverlay) && !Wants(Output::kMasks)) return;
    const std::vector<std::uint16_t> labels(regions_.labels.begin(), regions_.labels.end());
    const ClassTable table = TableOf(regions_);
    if (Wants(Output::kLabels) && IsMap()) WriteLabelMap(labels, table);
    WriteLabelPictures(labels, table);
  }

  void WriteLabelMap(const std::vector<std::uint16_t>& labels, const ClassTable& table) const {
    ClassMap map(folder_, stem_, Output::kLabels,
                 {.width = regions_.width,
                  .height = regions_.height,
                  .layout = output_.map_layout,
                  .georeference = raster_.georeference(),
                  .metadata = MapMetadata(regions_)},
                 table, RegionBandNames(raster_));
    map.Write({0, 0, regions_.width, regions_.height}, labels);
    map.Close();
  }

  void WriteLabelPictures(const std::vector<std::uint16_t>& labels, const ClassTable& table) const {
    const ClassTable means = Wants(Output::kOverlay)
                                 ? InMeanColors(table, raster_, regions_, output_.display_window)
                                 : ClassTable();
    const LabelView view{size(), labels, table};
    std::vector<Picture> pictures;
    if (Wants(Output::kOverlay))
      pictures.push_back(OverlayPicture(PathOf(Output::kOverlay), {size(), labels, means}, raster_,
                                        output_.display_window));
    if (Wants(Output::kLabels) && !IsMap())
      pictures.push_back(LabelMask(PathOf(Output::kLabels), view));
    if (Wants(Output::kMasks))
      for (int r = 1; r <= num_regions(); ++r)
        pictures.push_back(ClassMask(PathOf(Output::kMasks, r), view, r));
    WritePictures(pictures);
  }

  // Of as many regions at a time as memory allows.
  void WriteHeatmaps() const {
    using IndexPlane = std::vector<std::uint8_t>;
    const RegionPosteriors posteriors(regions_);
    const int most = ClassesAtATime(std::ssize(regions_.labels), num_regions());
    for (int first = 1; first <= num_regions(); first += most) {
      std::vector<IndexPlane> planes(std::min(most, num_regions() - first + 1));
      tbb::parallel_for(std::size_t{0}, planes.size(), [&](std::size_t r) {
        planes[r] = HeatPlane(posteriors.Of(static_cast<std::uint32_t>(first + r)));
      });
      std::vector<Picture> pictures;
      for (int r = first; const IndexPlane& plane : planes)
        pictures.push_back(
            PixelPicture(PathOf(Output::kHeatmaps, r++), size(), PixelKind::kIndex8,
                         Palette{HeatPalette(ColorMap::kViridis), ZeroIndex::kTransparent},
                         [&plane](std::int64_t begin, std::int64_t count, std::uint8_t* bytes) {
                           std::copy_n(plane.begin() + begin, count, bytes);
                         }));
      WritePictures(pictures);
    }
  }

  std::vector<std::uint8_t> HeatPlane(const std::vector<float>& values) const {
    std::vector<std::uint8_t> plane(values.size());
    for (std::size_t i = 0; i < values.size(); ++i)
      if (regions_.labels[i] > 0) plane[i] = HeatIndex(values[i]);
    return plane;
  }

  void WriteHierarchy() const {
    const std::vector<float> heights =
        ContourMap(regions_.hierarchy, regions_.leaves, regions_.width);
    WriteFloatTiff(
        PathOf(Output::kHierarchy), regions_.width, regions_.height, {"merge height"}, [&](int) {
          return [&](std::int64_t i) {
            return regions_.labels[i] > 0 ? heights[i] : std::numeric_limits<float>::quiet_NaN();
          };
        });
  }

  const boost::filesystem::path& folder_;
  const std::string& stem_;
  const Raster& raster_;
  const Regions& regions_;
  const OutputOptions& output_;
};

}  // namespace

void WriteRegionOutputs(const boost::filesystem::path& folder, const std::string& stem,
                        const Raster& raster, const Regions& regions, const OutputOptions& output) {
  RegionWriter(folder, stem, raster, regions, output).Write();
}

}  // namespace gmmseg
