#include <cpl_conv.h>
#include <cpl_string.h>
#include <cpl_vsi.h>

#include <algorithm>
#include <boost/filesystem/operations.hpp>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/hash.h"
#include "base/text.h"
#include "io/gdal_library.h"
#include "io/interleaved.h"
#include "io/map_reader.h"
#include "io/no_data.h"

namespace gmmseg {
namespace {

[[noreturn]] void Refuse(const std::string& path, const std::string& what) {
  throw IoError(IoError::Operation::kRead, path + ": " + what);
}

// Decoding on GDAL's own threads would lose the errors.
GdalDataset Open(const std::string& path) {
  return GdalDataset(
      GDALOpenEx(path.c_str(), GDAL_OF_RASTER | GDAL_OF_READONLY, nullptr, nullptr, nullptr));
}

std::string PartsOf(GDALDatasetH dataset) {
  std::string names;
  for (char** item = GDALGetMetadata(dataset, "SUBDATASETS"); item && *item; ++item) {
    const std::string text = *item;
    const std::size_t equals = text.find("_NAME=");
    if (equals == std::string::npos) continue;
    names += (names.empty() ? "" : ", ") + text.substr(equals + 6);
  }
  return names;
}

struct Band {
  GDALRasterBandH handle = nullptr;
  std::optional<double> no_data;  // as stored
  double scale = 1, offset = 0;
  bool is_signed_byte = false;  // which GDAL 3.6 reads as 0…255

  bool IsScaled() const { return scale != 1 || offset != 0; }
};

bool IsAlpha(GDALRasterBandH band) {
  return GDALGetRasterColorInterpretation(band) == GCI_AlphaBand;
}

bool IsSignedByte(GDALRasterBandH band) {
  const char* const kind = GDALGetMetadataItem(band, "PIXELTYPE", "IMAGE_STRUCTURE");
  return kind && std::string_view(kind) == "SIGNEDBYTE";
}

Band BandOf(GDALRasterBandH handle) {
  Band band;
  band.handle = handle;
  band.is_signed_byte = IsSignedByte(handle);
  int given = 0;
  if (const double value = GDALGetRasterNoDataValue(handle, &given); given) band.no_data = value;
  if (const double scale = GDALGetRasterScale(handle, &given); given && scale != 0)
    band.scale = scale;
  if (const double offset = GDALGetRasterOffset(handle, &given); given) band.offset = offset;
  return band;
}

SampleType TypeOf(const std::string& path, const std::vector<Band>& bands) {
  SampleType type = SampleType::kUint8;
  for (const Band& band : bands) {
    const GDALDataType stored = GDALGetRasterDataType(band.handle);
    if (GDALDataTypeIsComplex(stored))
      Refuse(path, "holds complex numbers, which are no features; give their magnitudes");
    const bool is_byte = stored == GDT_Byte && !band.is_signed_byte;
    const bool is_whole = !band.IsScaled() && (is_byte || stored == GDT_UInt16);
    type = std::max(type, !is_whole ? SampleType::kFloat32
                          : is_byte ? SampleType::kUint8
                                    : SampleType::kUint16);
  }
  return type;
}

// Red, green and blue in this order, whose white is known.
bool IsColor(const std::vector<Band>& bands, SampleType type) {
  static constexpr GDALColorInterp kColors[] = {GCI_RedBand, GCI_GreenBand, GCI_BlueBand};
  if (bands.size() != 3 || type == SampleType::kFloat32) return false;
  for (int b = 0; b < 3; ++b)
    if (GDALGetRasterColorInterpretation(bands[b].handle) != kColors[b]) return false;
  return true;
}

class GdalReader : public BlockReader {
 public:
  GdalReader(const std::string& path, ValueMeaning meaning) : path_(path) {
    const GdalMessages messages;
    dataset_ = Open(path);
    if (!dataset_) Refuse(path, "cannot be read (" + messages.cause() + ")" + kMend);
    TakeBands();
    if (bands_.size() == 1 && meaning == ValueMeaning::kColor)
      colors_ = GDALGetRasterColorTable(bands_[0].handle);
    Describe();
  }

  const RasterInfo& info() const override { return info_; }

  std::vector<std::string> Files() const {
    std::vector<std::string> files;
    char** const list = GDALGetFileList(dataset_.get());
    for (char** file = list; file && *file; ++file) files.emplace_back(*file);
    CSLDestroy(list);
    return files;
  }

  Raster Read(const Window& window) override {
    const GdalMessages messages;
    Raster stored(window.width, window.height, static_cast<int>(bands_.size()), stored_type_,
                  colors_ ? ColorModel::kGray : info_.color_model);
    ReadBands(window, messages, stored);
    SignBytes(stored);
    std::vector<std::optional<double>> no_data;
    for (const Band& band : bands_) no_data.push_back(band.no_data);
    TakeOutNoData(stored, no_data);
    TakeMasks(window, messages, stored);
    Scale(stored);
    TakeOutNonFinite(stored);
    if (white_ > 0) stored.SetWhite(white_);
    Raster raster = colors_ ? Colored(stored) : std::move(stored);
    raster.SetGeoreference(
        info_.georeference.Shifted(static_cast<double>(window.x), static_cast<double>(window.y)));
    return raster;
  }

 private:
  static constexpr char kMend[] = "; copy, download or export it again";

  void TakeBands() {
    const int count = GDALGetRasterCount(dataset_.get());
    if (count == 0) {
      const std::string parts = PartsOf(dataset_.get());
      Refuse(path_, parts.empty() ? "has no bands; give a raster"
                                  : "holds several rasters; name one of them: " + parts);
    }
    for (int b = 1; b <= count; ++b)
      if (const GDALRasterBandH band = GDALGetRasterBand(dataset_.get(), b); !IsAlpha(band)) {
        bands_.push_back(BandOf(band));
        numbers_.push_back(b);
      }
    if (bands_.empty()) Refuse(path_, "has nothing but an alpha band; give a raster with values");
    if (bands_.size() > static_cast<std::size_t>(kMaxBands))
      Refuse(path_, "has " + std::to_string(bands_.size()) + " bands; at most " +
                        std::to_string(kMaxBands) + " can be read");
  }

  void Describe() {
    stored_type_ = TypeOf(path_, bands_);
    info_.width = GDALGetRasterXSize(dataset_.get());
    info_.height = GDALGetRasterYSize(dataset_.get());
    info_.num_bands = colors_ ? 3 : static_cast<int>(bands_.size());
    info_.type = colors_ ? SampleType::kUint8 : stored_type_;
    info_.color_model = colors_ || IsColor(bands_, stored_type_) ? ColorModel::kRgb
                        : bands_.size() == 1                     ? ColorModel::kGray
                                                                 : ColorModel::kMultiband;
    int block_width = 0, block_height = 0;
    GDALGetBlockSize(bands_[0].handle, &block_width, &block_height);
    info_.block_width = block_width;
    info_.block_height = block_height;
    info_.georeference = GeoreferenceOf(dataset_.get());
    const char* const bits = GDALGetMetadataItem(bands_[0].handle, "NBITS", "IMAGE_STRUCTURE");
    const int num_bits = bits ? std::atoi(bits) : 0;
    if (stored_type_ == SampleType::kUint16 && num_bits > 8 && num_bits < 16)
      white_ = (1 << num_bits) - 1;
    if (info_.type != SampleType::kFloat32)
      info_.white = white_ > 0 ? white_ : info_.type == SampleType::kUint8 ? 255 : 65535;
  }

  // Of all bands, so that pixel-interleaved blocks are decoded once; so many rows at a time that an
  // error tells where.
  void ReadBands(const Window& window, const GdalMessages& messages, Raster& raster) {
    raster.VisitBand(0, [&]<typename T>(const T*) {
      const std::int64_t step = std::max<std::int64_t>(info_.block_height, 64);
      for (std::int64_t y = window.y; y < window.y + window.height;) {
        // Up to the next border of blocks.
        const std::int64_t end = std::min(window.y + window.height, (y / step + 1) * step);
        T* const to = raster.Band<T>(0) + (y - window.y) * window.width;
        constexpr GSpacing kSize = sizeof(T);
        const CPLErr error = GDALDatasetRasterIOEx(
            dataset_.get(), GF_Read, static_cast<int>(window.x), static_cast<int>(y),
            static_cast<int>(window.width), static_cast<int>(end - y), to,
            static_cast<int>(window.width), static_cast<int>(end - y),
            GdalTypeOf(SampleTypeOf<T>()), static_cast<int>(numbers_.size()), numbers_.data(),
            kSize, kSize * window.width, kSize * raster.num_pixels(), nullptr);
        if (error != CE_None)
          Refuse(path_, Format("its pixels of rows %lld to %lld, columns %lld to %lld cannot be "
                               "read (%s)%s",
                               static_cast<long long>(y), static_cast<long long>(end - 1),
                               static_cast<long long>(window.x),
                               static_cast<long long>(window.x + window.width - 1),
                               messages.cause().c_str(), kMend));
        y = end;
      }
    });
  }

  void SignBytes(Raster& raster) const {
    for (std::size_t b = 0; b < bands_.size(); ++b) {
      if (!bands_[b].is_signed_byte) continue;
      float* const values = raster.Band<float>(static_cast<int>(b));
      for (std::int64_t i = 0; i < raster.num_pixels(); ++i)
        if (values[i] > 127) values[i] -= 256;
    }
  }

  // Alpha and masks of the whole raster take all bands away, masks of a band that band.
  void TakeMasks(const Window& window, const GdalMessages& messages, Raster& raster) {
    for (std::size_t b = 0; b < bands_.size(); ++b) {
      const int flags = GDALGetMaskFlags(bands_[b].handle);
      if (flags & (GMF_ALL_VALID | GMF_NODATA)) continue;
      const bool is_of_all = flags & GMF_PER_DATASET;
      if (is_of_all && b > 0) break;
      std::vector<std::uint8_t> mask(raster.num_pixels());
      if (GDALRasterIO(GDALGetMaskBand(bands_[b].handle), GF_Read, static_cast<int>(window.x),
                       static_cast<int>(window.y), static_cast<int>(window.width),
                       static_cast<int>(window.height), mask.data(), static_cast<int>(window.width),
                       static_cast<int>(window.height), GDT_Byte, 0, 0) != CE_None)
        Refuse(path_, "its mask cannot be read (" + messages.cause() + ")" + kMend);
      for (std::int64_t i = 0; i < raster.num_pixels(); ++i)
        if (mask[i] == 0 && (is_of_all || bands_.size() == 1))
          raster.Invalidate(i);
        else if (mask[i] == 0)
          raster.MarkMissing(static_cast<int>(b), i);
    }
  }

  void Scale(Raster& raster) const {
    for (std::size_t b = 0; b < bands_.size(); ++b) {
      if (!bands_[b].IsScaled()) continue;
      float* const values = raster.Band<float>(static_cast<int>(b));
      for (std::int64_t i = 0; i < raster.num_pixels(); ++i)
        values[i] = static_cast<float>(values[i] * bands_[b].scale + bands_[b].offset);
    }
  }

  // By the colour table; what it does not have, or has as transparent, is no data.
  Raster Colored(const Raster& indices) const {
    Raster raster(indices.width(), indices.height(), 3, SampleType::kUint8, ColorModel::kRgb);
    indices.VisitBand(0, [&](const auto* values) {
      for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
        GDALColorEntry entry{};
        const bool known =
            GDALGetColorEntryAsRGB(colors_, static_cast<int>(values[i]), &entry) && entry.c4 > 0;
        if (!known || !indices.IsValid(i)) {
          raster.Invalidate(i);
          continue;
        }
        const short channels[] = {entry.c1, entry.c2, entry.c3};
        for (int b = 0; b < 3; ++b)
          raster.Band<std::uint8_t>(b)[i] = static_cast<std::uint8_t>(channels[b]);
      }
    });
    return raster;
  }

  std::string path_;
  GdalDataset dataset_;
  std::vector<Band> bands_;
  std::vector<int> numbers_;  // in the file, from 1
  GDALColorTableH colors_ = nullptr;
  SampleType stored_type_ = SampleType::kUint8;
  double white_ = 0;  // 0: the type's own
  RasterInfo info_;
};

}  // namespace

const std::string_view kMapFormats = ", and what GDAL opens";

bool IsGdalName(const std::string& path) {
  if (path.starts_with("/vsi")) return true;
  boost::system::error_code ignored;
  const std::size_t colon = path.find(':');
  if (colon == std::string::npos || colon < 2 || boost::filesystem::exists(path, ignored))
    return false;
  const GdalMessages messages;
  return GDALIdentifyDriverEx(path.c_str(), GDAL_OF_RASTER, nullptr, nullptr) != nullptr;
}

bool IsLocatedTiff(const ImageSource& source) {
  if (!source.StartsWith("II") && !source.StartsWith("MM")) return false;
  const GdalMessages messages;
  const GdalDataset dataset = Open(source.path);
  return dataset && GeoreferenceOf(dataset.get()).IsLocated();
}

bool IsKnownToGdal(const std::string& path) {
  const GdalMessages messages;
  return GDALIdentifyDriverEx(path.c_str(), GDAL_OF_RASTER, nullptr, nullptr) != nullptr;
}

OpenedMap OpenMap(const std::string& path, ValueMeaning meaning) {
  auto reader = std::make_unique<GdalReader>(path, meaning);
  std::vector<std::string> files = reader->Files();
  return {std::move(reader), std::move(files)};
}

BlockCacheLimit::BlockCacheLimit(std::int64_t bytes) : before_(GDALGetCacheMax64()) {
  GDALSetCacheMax64(bytes);
}
BlockCacheLimit::~BlockCacheLimit() { GDALSetCacheMax64(before_); }

HashOfFiles::HashOfFiles(const std::vector<std::string>& files, std::int64_t part_bytes) {
  for (const std::string& file : files) {
    const GdalMessages messages;
    VSIStatBufL status;
    if (VSIStatL(file.c_str(), &status) != 0 || !VSI_ISREG(status.st_mode)) continue;
    const auto size = static_cast<std::int64_t>(status.st_size);
    std::int64_t first = 0;
    do parts_.push_back({file, first, std::min(part_bytes, size - first)});
    while ((first += part_bytes) < size);
  }
}

std::string HashOfFiles::OfPart(std::int64_t part) const {
  const auto& [file, first, size] = parts_[part];
  const GdalMessages messages;
  StreamHash hash;
  std::int64_t left = size;
  if (VSILFILE* const handle = VSIFOpenL(file.c_str(), "rb")) {
    std::vector<unsigned char> bytes(std::min<std::int64_t>(size, 1 << 20));
    bool reads = VSIFSeekL(handle, first, SEEK_SET) == 0;
    while (reads && left > 0) {
      const std::size_t count =
          VSIFReadL(bytes.data(), 1, std::min<std::int64_t>(left, std::ssize(bytes)), handle);
      hash.Add(std::span(bytes).first(count));
      left -= static_cast<std::int64_t>(count);
      reads = count > 0;
    }
    VSIFCloseL(handle);
  }
  if (left > 0) Refuse(file, "cannot be read to its end (" + messages.cause() + ")");
  return hash.Text();
}

std::string HashOfFiles::Of(const std::vector<std::string>& parts) const {
  std::string hashes;
  for (std::int64_t part = 0; part < num_parts();) {
    std::int64_t behind = part + 1;
    std::string of_file = parts[part];
    for (; behind < num_parts() && parts_[behind].first > 0; ++behind)
      of_file += " " + parts[behind];
    hashes += (behind == part + 1 ? of_file : ContentHash(of_file)) + " ";
    part = behind;
  }
  return ContentHash(hashes);
}

std::string HashOfFiles::Of() const {
  std::vector<std::string> parts;
  for (std::int64_t part = 0; part < num_parts(); ++part) parts.push_back(OfPart(part));
  return Of(parts);
}

}  // namespace gmmseg
