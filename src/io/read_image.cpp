#include <gmmseg/errors.h>
#include <gmmseg/image_io.h>
#include <oneapi/tbb/parallel_invoke.h>

#include <algorithm>
#include <boost/filesystem/operations.hpp>
#include <cmath>
#include <new>
#include <numeric>

#include "base/hash.h"
#include "base/text.h"
#include "io/dicom_decoder.h"
#include "io/dicom_folder.h"
#include "io/file_bytes.h"
#include "io/first_bytes.h"
#include "io/image_backend.h"
#include "io/map_reader.h"
#include "io/nifti_files.h"
#include "io/no_data.h"
#include "io/same_grid.h"
#include "raster/parts.h"

namespace gmmseg {
namespace fs = boost::filesystem;
namespace {

// In the order in which they are asked. Every format here is known by its first bytes, so the
// extension of the name has no say. DICOM comes first: its first 128 bytes may be those of a TIFF.
const ImageBackend kBackends[] = {
    {"", {}, ReadNull, ReadNullHeader},
    {"DICOM", {".dcm", ".dicom", ".ima"}, ReadDicom, ReadDicomHeader},
    {"PNG", {".png"}, ReadPng, ReadPngHeader},
    {"TIFF", {".tif", ".tiff"}, ReadTiff, ReadTiffHeader},
    {"PNM, PFM", {".pbm", ".pgm", ".ppm", ".pnm", ".pfm"}, ReadPnm, ReadPnmHeader},
    {"JPEG, BMP, WebP", {".jpg", ".jpeg", ".bmp", ".webp"}, ReadWithOpenCv, ReadOpenCvHeader},
    {kNiftiFormats, {".nii", ".nii.gz"}, ReadNifti, ReadNiftiHeader},
};

std::string Formats() {
  std::string formats;
  for (const ImageBackend& backend : kBackends) {
    if (!formats.empty() && !backend.formats.empty()) formats += ", ";
    formats += backend.formats;
  }
  return formats;
}

// The first answer that any back end's `question` gives.
template <typename Answer>
std::optional<Answer> AskBackends(
    std::optional<Answer> (*ImageBackend::*question)(const ImageSource&),
    const ImageSource& source) {
  for (const ImageBackend& backend : kBackends)
    if (std::optional<Answer> answer = (backend.*question)(source)) return answer;
  return std::nullopt;
}

std::string SizeText(std::int64_t width, std::int64_t height) {
  return std::to_string(width) + " x " + std::to_string(height);
}

}  // namespace

bool ImageSource::StartsWith(std::string_view magic, std::size_t offset) const {
  return bytes.size() >= offset + magic.size() &&
         std::equal(magic.begin(), magic.end(), bytes.begin() + offset,
                    [](char a, unsigned char b) { return static_cast<unsigned char>(a) == b; });
}

void ThrowTruncated(const ImageSource& source, std::string_view format, const std::string& detail) {
  throw TruncatedImage(IoError::Operation::kRead, source.path + ": truncated " +
                                                      std::string(format) + " (" + detail +
                                                      "); copy or download it again");
}

void ThrowDamaged(const ImageSource& source, std::string_view format, const std::string& detail) {
  throw IoError(IoError::Operation::kRead, source.path + ": damaged " + std::string(format) + " (" +
                                               detail + "); copy, download or export it again");
}

std::int64_t MaxDecodedBytes(const ImageSource& source) {
  constexpr std::int64_t kAlways = std::int64_t{1} << 28, kPerByte = std::int64_t{1} << 16;
  return kAlways + kPerByte * source.file_size;
}

void CheckSize(const ImageSource& source, std::int64_t width, std::int64_t height,
               std::int64_t bytes_per_pixel) {
  if (width < 1 || height < 1)
    throw IoError(
        IoError::Operation::kRead,
        source.path + ": image size " + SizeText(width, height) + "; every dimension must be >= 1");
  const double decoded = static_cast<double>(width) * static_cast<double>(height) *
                         static_cast<double>(bytes_per_pixel);
  if (decoded > static_cast<double>(MaxDecodedBytes(source)))
    throw IoError(IoError::Operation::kRead,
                  source.path + ": image size " + SizeText(width, height) +
                      " cannot come from a file of " + std::to_string(source.file_size) +
                      " bytes; its header is damaged");
}

namespace {

Raster Decode(const ImageSource& source) {
  const std::string& path = source.path;
  std::optional<Raster> raster;
  try {
    raster = AskBackends(&ImageBackend::read, source);
  } catch (const std::bad_alloc&) {
    throw IoError(IoError::Operation::kRead,
                  path + ": too large for this machine's memory; give a smaller image");
  }
  if (!raster)
    throw IoError(IoError::Operation::kRead, path + ": is not an image that this build reads (" +
                                                 Formats() + std::string(kMapFormats) +
                                                 "); convert it to one of these");
  TakeOutNonFinite(*raster);
  return std::move(*raster);
}

// Whether a back end of ours knows the format, even if it cannot read the file.
bool IsKnownHere(const ImageSource& source) {
  try {
    return AskBackends(&ImageBackend::header, source).has_value();
  } catch (const IoError&) {
    return true;
  }
}

// What GDAL reads: names that are no files; TIFF that it finds to lie on the earth, while plain
// TIFF is the TIFF back end's; and what no back end of ours knows.
bool IsMap(const std::string& path) {
  if (IsNullImage(path)) return false;
  if (IsGdalName(path)) return true;
  boost::system::error_code error;
  // The readers say what is wrong with others; a pipe can be read but once.
  if (!fs::is_regular_file(path, error) || fs::file_size(path, error) == 0) return false;
  constexpr std::int64_t kFirst = 1 << 16;
  const PeekedFile file(path, "an image file");
  const std::vector<unsigned char> bytes = file.First(kFirst);
  const ImageSource source{path, bytes, file.size()};
  if (IsDicom(source)) return false;
  return IsLocatedTiff(source) || (!IsKnownHere(source) && IsKnownToGdal(path));
}

GridFacts GridOf(const RasterInfo& info) {
  return {.width = info.width, .height = info.height, .georeference = info.georeference};
}

constexpr char kOneGrid[] = "give channels of one grid";

// Of all files that a picture stands in.
std::string HashOf(const ImageSource& source) {
  if (IsNullImage(source.path)) return "";
  const std::string hash = ContentHash(source.bytes);
  const std::string partner = NiftiPartner(source);
  return partner.empty() ? hash : ContentHash(hash + " " + ContentHash(ReadImageBytes(partner)));
}

void CheckNoVolume(const std::string& path, const Raster& raster) {
  if (raster.volume() || raster.depth() > 1)
    throw IoError(
        IoError::Operation::kRead,
        path + ": is a volume, and an extent is of images; leave it away, or give a mask");
}

void CheckExtent(const std::string& path, const Window& extent, std::int64_t width,
                 std::int64_t height) {
  if (extent.x + extent.width <= width && extent.y + extent.height <= height) return;
  throw IoError(IoError::Operation::kRead,
                Format("%s: is %s pixels, and has no %s at x = %lld, y = %lld; give an extent "
                       "within the image",
                       path.c_str(), SizeText(width, height).c_str(),
                       SizeText(extent.width, extent.height).c_str(),
                       static_cast<long long>(extent.x), static_cast<long long>(extent.y)));
}

// What is taken of a file, and the grid of all of it.
struct LoadedPart {
  LoadedImage image;
  GridFacts grid;
};

LoadedPart LoadMap(const std::string& path, ValueMeaning meaning,
                   const std::optional<Window>& extent) {
  const OpenedMap map = OpenMap(path, meaning);
  const RasterInfo& info = map.reader->info();
  const Window window = extent.value_or(Window{0, 0, info.width, info.height});
  CheckExtent(path, window, info.width, info.height);
  LoadedPart part{{}, GridOf(info)};
  try {
    tbb::parallel_invoke([&] { part.image.raster = map.reader->Read(window); },
                         [&] { part.image.hash = HashOfFiles(map.files).Of(); });
  } catch (const std::bad_alloc&) {
    throw IoError(IoError::Operation::kRead,
                  path + ": too large for this machine's memory; give a part of it");
  }
  return part;
}

LoadedImage LoadFile(const std::string& path, ValueMeaning meaning) {
  const std::vector<unsigned char> bytes = ReadImageBytes(path);
  ImageSource source{path, bytes};
  source.meaning = meaning;
  LoadedImage image;
  // Neither the hash nor most decoders use more than one thread.
  tbb::parallel_invoke([&] { image.raster = Decode(source); },
                       [&] { image.hash = HashOf(source); });
  return image;
}

LoadedPart Load(const std::string& path, ValueMeaning meaning,
                const std::optional<Window>& extent = {}) {
  if (IsMap(path)) return LoadMap(path, meaning, extent);
  LoadedImage image = IsDicomFolder(path) ? LoadDicomFolder(path) : LoadFile(path, meaning);
  const GridFacts grid = GridOf(image.raster);
  if (extent) {
    CheckNoVolume(path, image.raster);
    CheckExtent(path, *extent, grid.width, grid.height);
    image.raster = Cropped(image.raster, *extent);
  }
  return {std::move(image), grid};
}

void CheckBands(const std::string& path, const std::vector<int>& bands, int num_bands) {
  for (const int band : bands)
    if (band < 1 || band > num_bands)
      throw IoError(IoError::Operation::kRead, path + ": has no band " + std::to_string(band) +
                                                   "; it has " + Count(num_bands, "band", "bands"));
}

std::vector<int> FromZero(std::vector<int> bands) {
  for (int& band : bands) --band;
  return bands;
}

// Of several files, what is taken of them, part by part.
class PartReader : public BlockReader {
 public:
  PartReader(const std::string& path, const ReadOptions& options) : options_(options) {
    readers_.push_back(OpenMap(path, ValueMeaning::kColor).reader);
    for (const std::string& channel : options.channels)
      readers_.push_back(OpenMap(channel, ValueMeaning::kColor).reader);
    const RasterInfo& own = readers_.front()->info();
    extent_ = options.extent.value_or(Window{0, 0, own.width, own.height});
    CheckExtent(path, extent_, own.width, own.height);
    for (std::size_t c = 1; c < readers_.size(); ++c)
      CheckSameGrid(path, GridOf(own), options.channels[c - 1], GridOf(readers_[c]->info()),
                    kOneGrid);
    info_ = own;
    info_.width = extent_.width;
    info_.height = extent_.height;
    int num_bands = 0;
    for (const auto& reader : readers_) num_bands += reader->info().num_bands;
    CheckBands(path, options.bands, num_bands);
    const Raster pixel = Read({0, 0, 1, 1});
    info_.num_bands = pixel.num_bands();
    info_.type = pixel.type();
    info_.color_model = pixel.color_model();
    info_.white = pixel.white();
    info_.georeference = pixel.georeference();
  }

  const RasterInfo& info() const override { return info_; }

  Raster Read(const Window& window) override {
    const Window shifted{extent_.x + window.x, extent_.y + window.y, window.width, window.height};
    Raster raster = readers_.front()->Read(shifted);
    for (std::size_t c = 1; c < readers_.size(); ++c)
      raster = Joined(raster, readers_[c]->Read(shifted));
    return options_.bands.empty() ? std::move(raster) : WithBands(raster, FromZero(options_.bands));
  }

 private:
  ReadOptions options_;
  std::vector<std::unique_ptr<BlockReader>> readers_;
  Window extent_;
  RasterInfo info_;
};

std::string HashOfOne(const std::string& path) {
  if (IsDicomFolder(path)) return HashDicomFolder(path);
  return IsMap(path) ? HashOfFiles(OpenMap(path, ValueMeaning::kLabel).files).Of()
                     : HashOf({path, ReadImageBytes(path)});
}

[[noreturn]] void RefuseLabels(const std::string& path, const std::string& what) {
  throw IoError(IoError::Operation::kRead, path + ": " + what);
}

std::uint16_t LabelOf(const Raster& raster, double value, std::int64_t pixel,
                      const std::string& path) {
  if (!raster.IsValid(pixel)) return 0;
  if (value >= 0 && value <= 65535 && value == std::floor(value))
    return static_cast<std::uint16_t>(value);
  RefuseLabels(path, "holds " + std::to_string(value) +
                         ", which is no number of a class; give whole numbers from 0 to 65535");
}

}  // namespace

Raster DecodeImage(const std::string& path, std::span<const unsigned char> bytes) {
  return Decode({path, bytes});
}

LoadedImage LoadImage(const std::string& path, const ReadOptions& options) {
  LoadedPart own = Load(path, ValueMeaning::kColor, options.extent);
  LoadedImage& image = own.image;
  for (const std::string& channel : options.channels) {
    const LoadedPart other = Load(channel, ValueMeaning::kColor, options.extent);
    CheckSameGrid(path, own.grid, channel, other.grid, kOneGrid);
    image.raster = Joined(image.raster, other.image.raster);
    image.hash += " " + other.image.hash;
  }
  CheckBands(path, options.bands, image.raster.num_bands());
  if (!options.bands.empty()) image.raster = WithBands(image.raster, FromZero(options.bands));
  image.hash = HashOfTaken(image.hash, options);
  return std::move(image);
}

LoadedImage LoadBand(const std::string& path) { return Load(path, ValueMeaning::kLabel).image; }

LoadedLabels LoadLabels(const std::string& path) {
  LoadedImage image = LoadBand(path);
  const Raster& raster = image.raster;
  if (raster.num_bands() != 1)
    RefuseLabels(path,
                 "holds colours, and numbers of classes are wanted; save it as an indexed or a "
                 "grey image in which class 1 is the index or the value 1");
  LoadedLabels loaded{raster.width(),        raster.height(), {},
                      std::move(image.hash), raster.depth(),  raster.volume()};
  loaded.labels.reserve(raster.num_pixels());
  raster.VisitBand(0, [&](const auto* values) {
    for (std::int64_t i = 0; i < raster.num_pixels(); ++i)
      loaded.labels.push_back(LabelOf(raster, values[i], i, path));
  });
  return loaded;
}

std::unique_ptr<BlockReader> OpenBlocks(const std::string& path, const ReadOptions& options) {
  return std::make_unique<PartReader>(path, options);
}

std::string HashOfTaken(const std::string& hashes, const ReadOptions& options) {
  if (options.IsDefault()) return hashes;
  std::string text = hashes;
  for (const int band : options.bands) text += " " + std::to_string(band);
  if (const std::optional<Window>& extent = options.extent)
    text += Format(" at %lld %lld %lld %lld", static_cast<long long>(extent->x),
                   static_cast<long long>(extent->y), static_cast<long long>(extent->width),
                   static_cast<long long>(extent->height));
  return ContentHash(text);
}

std::string HashImage(const std::string& path, const ReadOptions& options) {
  std::string hashes = HashOfOne(path);
  for (const std::string& channel : options.channels) hashes += " " + HashOfOne(channel);
  return HashOfTaken(hashes, options);
}

Raster ReadImage(const std::string& path) { return LoadImage(path).raster; }

std::optional<ImageHeader> ReadImageHeader(const std::string& path) {
  if (IsNullImage(path)) return AskBackends(&ImageBackend::header, {path, {}});
  if (IsMap(path)) {
    const OpenedMap map = OpenMap(path, ValueMeaning::kColor);
    const RasterInfo& info = map.reader->info();
    return ImageHeader{info.width, info.height, info.num_bands, info.type, info.color_model, true};
  }
  if (IsDicomFolder(path)) return ReadDicomFolderHeader(path);
  return AskFirstBytes(
      path, [](const ImageSource& source) { return AskBackends(&ImageBackend::header, source); });
}

std::optional<ImageHeader> ReadImageHeader(const std::string& path, const ReadOptions& options) {
  std::optional<ImageHeader> header = ReadImageHeader(path);
  for (const std::string& channel : options.channels) {
    const std::optional<ImageHeader> other = ReadImageHeader(channel);
    if (!header || !other) return std::nullopt;
    header->num_bands += other->num_bands;
    header->type = std::max(header->type, other->type);
    header->color_model = ColorModel::kMultiband;
    header->is_map |= other->is_map;
  }
  if (header && !options.bands.empty()) {
    const int num_all = header->num_bands;
    header->num_bands = static_cast<int>(options.bands.size());
    std::vector<int> all(static_cast<std::size_t>(num_all));
    std::iota(all.begin(), all.end(), 1);
    if (options.bands != all)
      header->color_model = header->num_bands == 1 ? ColorModel::kGray : ColorModel::kMultiband;
  }
  if (header && options.extent) {
    header->width = options.extent->width;
    header->height = options.extent->height;
  }
  return header;
}

bool HasImageExtension(const std::string& path) {
  std::string name = path;
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  const auto matches = [&](std::string_view extension) {
    return !extension.empty() && name.ends_with(extension);
  };
  return std::ranges::any_of(kBackends, [&](const ImageBackend& backend) {
    return std::ranges::any_of(backend.extensions, matches);
  });
}

}  // namespace gmmseg
