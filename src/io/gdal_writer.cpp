#include <cpl_conv.h>
#include <cpl_string.h>
#include <unistd.h>

#include <algorithm>
#include <boost/filesystem/operations.hpp>
#include <limits>
#include <string_view>

#include "base/text.h"
#include "io/gdal_library.h"
#include "io/map_writer.h"
#include "io/staged_file.h"

namespace gmmseg {
namespace fs = boost::filesystem;
namespace {

constexpr int kBlock = 512;
constexpr char kStatisticsEnding[] = ".aux.xml", kDomain[] = "GMMSEG";

// Numbers of classes have no gradient, and Debian's tifffile cannot read that of floats.
bool HasPredictor(const MapFormat& format) {
  return !format.classes && format.type != SampleType::kFloat32;
}

// On the calling thread: errors of GDAL's own threads would be printed, and lost.
void SetCompression(GdalOptions& options) {
  options.Set("COMPRESS", "DEFLATE");
  options.Set("BIGTIFF", "IF_SAFER");
}

struct TableDestroy {
  void operator()(GDALRasterAttributeTableH table) const { GDALDestroyRasterAttributeTable(table); }
};
using AttributeTable = std::unique_ptr<void, TableDestroy>;

AttributeTable TableOf(const MapFormat& format, const std::vector<std::int64_t>& counts) {
  AttributeTable table(GDALCreateRasterAttributeTable());
  const auto add = [&](const std::string& name, GDALRATFieldType type, GDALRATFieldUsage usage) {
    GDALRATCreateColumn(table.get(), name.c_str(), type, usage);
    return GDALRATGetColumnCount(table.get()) - 1;
  };
  const bool is_large = std::ranges::any_of(
      counts, [](std::int64_t count) { return count > std::numeric_limits<int>::max(); });
  const int value = add("Value", GFT_Integer, GFU_MinMax);
  const int count = add("Count", is_large ? GFT_Real : GFT_Integer, GFU_PixelCount);
  const int name = add("Class", GFT_String, GFU_Name);
  const int red = add("Red", GFT_Integer, GFU_Red);
  add("Green", GFT_Integer, GFU_Green);
  add("Blue", GFT_Integer, GFU_Blue);
  int mean = 0;
  for (std::size_t d = 0; d < format.mean_names.size(); ++d)
    mean = add("Mean " + format.mean_names[d], GFT_Real, GFU_Generic) - static_cast<int>(d);
  GDALRATSetRowCount(table.get(), static_cast<int>(format.classes->size()));
  int row = 0;
  for (const ClassEntry& entry : *format.classes) {
    GDALRATSetValueAsInt(table.get(), row, value, entry.index);
    GDALRATSetValueAsDouble(table.get(), row, count, static_cast<double>(counts[row]));
    GDALRATSetValueAsString(table.get(), row, name, entry.name.c_str());
    for (int c = 0; c < 3; ++c) GDALRATSetValueAsInt(table.get(), row, red + c, entry.color[c]);
    for (std::size_t d = 0; d < format.mean_names.size(); ++d)
      GDALRATSetValueAsDouble(table.get(), row, mean + static_cast<int>(d),
                              entry.mean[static_cast<Eigen::Index>(d)]);
    ++row;
  }
  return table;
}

void SetColors(GDALRasterBandH band, const ClassTable& classes) {
  const GDALColorTableH colors = GDALCreateColorTable(GPI_RGB);
  const GDALColorEntry none{0, 0, 0, 0};
  GDALSetColorEntry(colors, 0, &none);
  for (const ClassEntry& entry : classes) {
    const GDALColorEntry color{entry.color[0], entry.color[1], entry.color[2], 255};
    GDALSetColorEntry(colors, entry.index, &color);
  }
  GDALSetRasterColorTable(band, colors);
  GDALDestroyColorTable(colors);
}

// What a map says of itself, but for its values.
void Describe(GDALDatasetH dataset, const MapFormat& format) {
  WriteGeoreference(dataset, format.georeference);
  GDALSetMetadata(dataset, GdalOptions(format.metadata).get(), kDomain);
  for (std::size_t b = 0; b < format.bands.size(); ++b) {
    const MapBand& band = format.bands[b];
    const GDALRasterBandH handle = GDALGetRasterBand(dataset, static_cast<int>(b) + 1);
    GDALSetDescription(handle, band.name.c_str());
    GDALSetRasterNoDataValue(handle, format.no_data);
    if (band.scale == 1 && band.offset == 0) continue;
    GDALSetRasterScale(handle, band.scale);
    GDALSetRasterOffset(handle, band.offset);
  }
  if (format.classes && format.type == SampleType::kUint8)
    SetColors(GDALGetRasterBand(dataset, 1), *format.classes);
}

[[noreturn]] void FailToWrite(const std::string& target, const std::string& cause) {
  throw IoError(IoError::Operation::kWrite, target + ": cannot be written (" + cause +
                                                "); choose a folder on a disk with room");
}

std::string XmlEscaped(const std::string& text) {
  const std::unique_ptr<char, decltype(&VSIFree)> escaped(
      CPLEscapeString(text.c_str(), static_cast<int>(text.size()), CPLES_XML), &VSIFree);
  return escaped.get();
}

// One band's sources, in the words of GDAL's virtual rasters.
std::string SourcesOf(const std::vector<MosaicTile>& tiles, int band) {
  std::string text;
  for (const MosaicTile& tile : tiles) {
    const Window& at = tile.window;
    const auto place = [&](const char* name, std::int64_t x, std::int64_t y) {
      return Format("      <%s xOff=\"%lld\" yOff=\"%lld\" xSize=\"%lld\" ySize=\"%lld\"/>\n", name,
                    static_cast<long long>(x), static_cast<long long>(y),
                    static_cast<long long>(at.width), static_cast<long long>(at.height));
    };
    text += "    <SimpleSource>\n      <SourceFilename relativeToVRT=\"1\">" +
            XmlEscaped(tile.file) + "</SourceFilename>\n      <SourceBand>" + std::to_string(band) +
            "</SourceBand>\n" + place("SrcRect", 0, 0) + place("DstRect", at.x, at.y) +
            "    </SimpleSource>\n";
  }
  return text;
}

}  // namespace

void WriteMosaic(const std::string& path, const MapFormat& format,
                 const std::vector<MosaicTile>& tiles, const std::vector<std::int64_t>& counts) {
  const GdalMessages messages;
  const auto require = [&](bool ok) {
    if (!ok || messages.HasError()) FailToWrite(path, messages.cause());
  };
  GdalDataset mosaic(GDALCreate(GDALGetDriverByName("VRT"), "", static_cast<int>(format.width),
                                static_cast<int>(format.height),
                                static_cast<int>(format.bands.size()), GdalTypeOf(format.type),
                                nullptr));
  require(mosaic != nullptr);
  Describe(mosaic.get(), format);
  if (format.classes)
    GDALSetDefaultRAT(GDALGetRasterBand(mosaic.get(), 1), TableOf(format, counts).get());
  char** const described = GDALGetMetadata(mosaic.get(), "xml:VRT");
  require(described != nullptr && described[0] != nullptr);
  // Every band ends alike: its sources stand before that.
  constexpr std::string_view kBandEnd = "</VRTRasterBand>";
  std::string text = described[0];
  std::size_t at = 0;
  for (int band = 1; (at = text.find(kBandEnd, at)) != std::string::npos; ++band) {
    const std::string sources = SourcesOf(tiles, band);
    text.insert(at, sources);
    at += sources.size() + kBandEnd.size();
  }
  WriteStagedFile(path, text);
}

struct MapWriter::Impl {
  Impl(const std::string& target_path, const MapFormat& map_format)
      : target(target_path), format(map_format) {
    folder = target.parent_path() /
             ("." + target.filename().string() + ".gmmseg-" + std::to_string(getpid()));
    boost::system::error_code error;
    fs::create_directory(folder, error);
    if (error) Fail(error.message());
    try {
      Create();
    } catch (...) {
      Remove();
      throw;
    }
  }
  ~Impl() {
    const GdalMessages messages;
    dataset.reset();
    Remove();
  }

  fs::path Written() const { return folder / target.filename(); }
  fs::path Finished() const { return folder / ("cog-" + target.filename().string()); }

  [[noreturn]] void Fail(const std::string& cause) const { FailToWrite(target.string(), cause); }
  void Require(bool ok, const GdalMessages& messages) const {
    if (!ok || messages.HasError()) Fail(messages.cause());
  }
  void Remove() const noexcept {
    boost::system::error_code ignored;
    fs::remove_all(folder, ignored);
  }

  void Create() {
    const GdalMessages messages;
    constexpr std::int64_t kMost = std::numeric_limits<int>::max();
    if (format.width > kMost || format.height > kMost) Fail("more rows or columns than TIFF has");
    GdalOptions options({{"TILED", "YES"}, {"INTERLEAVE", "BAND"}});
    options.Set("BLOCKXSIZE", std::to_string(kBlock));
    options.Set("BLOCKYSIZE", std::to_string(kBlock));
    SetCompression(options);
    if (HasPredictor(format)) options.Set("PREDICTOR", "2");
    dataset.reset(GDALCreate(GDALGetDriverByName("GTiff"), Written().c_str(),
                             static_cast<int>(format.width), static_cast<int>(format.height),
                             static_cast<int>(format.bands.size()), GdalTypeOf(format.type),
                             options.get()));
    Require(dataset != nullptr, messages);
    Describe(dataset.get(), format);
    Require(true, messages);
  }

  GDALRasterBandH Band(int b) const { return GDALGetRasterBand(dataset.get(), b + 1); }

  void Write(const Window& window, int band, const void* values) {
    const GdalMessages messages;
    Require(
        GDALRasterIO(Band(band), GF_Write, static_cast<int>(window.x), static_cast<int>(window.y),
                     static_cast<int>(window.width), static_cast<int>(window.height),
                     const_cast<void*>(values), static_cast<int>(window.width),
                     static_cast<int>(window.height), GdalTypeOf(format.type), 0, 0) == CE_None,
        messages);
    // In the order of writing: the file's bytes do not hang on what else is cached.
    Require(GDALFlushRasterCache(Band(band)) == CE_None, messages);
  }

  void Close(const std::vector<std::int64_t>& counts) {
    const GdalMessages messages;
    if (format.classes) GDALSetDefaultRAT(Band(0), TableOf(format, counts).get());
    if (format.layout == MapLayout::kTiled) BuildOverviews(messages);
    if (format.layout == MapLayout::kCloudOptimized) Reorder(messages);
    dataset.reset();
    Require(true, messages);
    const bool reordered = format.layout == MapLayout::kCloudOptimized;
    Move(reordered ? Finished() : Written(), target);
    const fs::path statistics((reordered ? Finished() : Written()).string() + kStatisticsEnding);
    if (fs::exists(statistics)) Move(statistics, target.string() + kStatisticsEnding);
  }

  void BuildOverviews(const GdalMessages& messages) {
    std::vector<int> levels;
    for (int level = 2; std::max(format.width, format.height) > kBlock * std::int64_t{level} / 2;
         level *= 2)
      levels.push_back(level);
    if (levels.empty()) return;
    const char* const how = format.overviews == Overviews::kNearest ? "NEAREST" : "AVERAGE";
    Require(GDALBuildOverviews(dataset.get(), how, static_cast<int>(levels.size()), levels.data(),
                               0, nullptr, nullptr, nullptr) == CE_None,
            messages);
  }

  // GDAL's driver of Cloud-Optimised GeoTIFFs copies one domain of metadata alone.
  void Reorder(const GdalMessages& messages) {
    for (const auto& [name, value] : format.metadata)
      GDALSetMetadataItem(dataset.get(), (kDomain + ("_" + name)).c_str(), value.c_str(), nullptr);
    dataset.reset();
    const GdalDataset written(
        GDALOpenEx(Written().c_str(), GDAL_OF_RASTER, nullptr, nullptr, nullptr));
    Require(written != nullptr, messages);
    GdalOptions options;
    SetCompression(options);
    options.Set("BLOCKSIZE", std::to_string(kBlock));
    options.Set("PREDICTOR", HasPredictor(format) ? "STANDARD" : "NO");
    options.Set("OVERVIEW_RESAMPLING",
                format.overviews == Overviews::kNearest ? "NEAREST" : "AVERAGE");
    const GdalDataset copy(GDALCreateCopy(GDALGetDriverByName("COG"), Finished().c_str(),
                                          written.get(), FALSE, options.get(), nullptr, nullptr));
    Require(copy != nullptr, messages);
  }

  void Move(const fs::path& from, const fs::path& to) const {
    boost::system::error_code error;
    fs::rename(from, to, error);
    if (error) Fail(error.message());
  }

  fs::path target, folder;
  MapFormat format;
  GdalDataset dataset;
};

MapWriter::MapWriter(const std::string& path, const MapFormat& format)
    : impl_(std::make_unique<Impl>(path, format)) {}
MapWriter::~MapWriter() = default;
void MapWriter::Write(const Window& window, int band, const void* values) {
  impl_->Write(window, band, values);
}
void MapWriter::Close(const std::vector<std::int64_t>& counts) { impl_->Close(counts); }

}  // namespace gmmseg
