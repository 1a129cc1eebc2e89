#include <gmmseg/errors.h>
#include <gmmseg/image_io.h>
#include <oneapi/tbb/parallel_invoke.h>

#include <algorithm>
#include <cmath>
#include <new>

#include "base/hash.h"
#include "io/file_bytes.h"
#include "io/image_backend.h"

namespace gmmseg {
namespace {

// In the order in which they are asked. Every format here is known by its first bytes, so the
// extension of the name has no say.
constexpr ImageBackend kBackends[] = {
    {"", {}, ReadNull, ReadNullHeader},
    {"PNG", {".png"}, ReadPng, ReadPngHeader},
    {"TIFF", {".tif", ".tiff"}, ReadTiff, ReadTiffHeader},
    {"PNM, PFM", {".pbm", ".pgm", ".ppm", ".pnm", ".pfm"}, ReadPnm, ReadPnmHeader},
    {"JPEG, BMP, WebP", {".jpg", ".jpeg", ".bmp", ".webp"}, ReadWithOpenCv, ReadOpenCvHeader},
};

std::string Formats() {
  std::string formats;
  for (const ImageBackend& backend : kBackends) {
    if (!formats.empty() && !backend.formats.empty()) formats += ", ";
    formats += backend.formats;
  }
  return formats;
}

// NaN and infinity are no data; they leave the raster, so that nobody meets them again. A colour
// that lacks a channel is none; other bands stand for themselves.
void TakeOutNonFinite(Raster& raster) {
  if (raster.type() != SampleType::kFloat32) return;
  const bool is_color = raster.color_model() != ColorModel::kMultiband;
  for (int b = 0; b < raster.num_bands(); ++b)
    for (std::int64_t i = 0; i < raster.num_pixels(); ++i) {
      if (std::isfinite(raster.Band<float>(b)[i])) continue;
      raster.Band<float>(b)[i] = 0;
      if (!is_color) {
        raster.MarkMissing(b, i);
        continue;
      }
      raster.Invalidate(i);
      for (int other = 0; other < raster.num_bands(); ++other) raster.Band<float>(other)[i] = 0;
    }
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
                                                 Formats() + "); convert it to one of these");
  TakeOutNonFinite(*raster);
  return std::move(*raster);
}

LoadedImage Load(const std::string& path, ValueMeaning meaning) {
  const std::vector<unsigned char> bytes = ReadImageBytes(path);
  ImageSource source{path, bytes};
  source.meaning = meaning;
  LoadedImage image;
  // Neither the hash nor most decoders use more than one thread.
  tbb::parallel_invoke([&] { image.raster = Decode(source); },
                       [&] { image.hash = IsNullImage(path) ? "" : ContentHash(bytes); });
  return image;
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

LoadedImage LoadImage(const std::string& path) { return Load(path, ValueMeaning::kColor); }

LoadedLabels LoadLabels(const std::string& path) {
  LoadedImage image = Load(path, ValueMeaning::kLabel);
  const Raster& raster = image.raster;
  if (raster.num_bands() != 1 || raster.depth() != 1)
    RefuseLabels(path,
                 "holds colours, and numbers of classes are wanted; save it as an indexed or a "
                 "grey image in which class 1 is the index or the value 1");
  LoadedLabels loaded{raster.width(), raster.height(), {}, std::move(image.hash)};
  loaded.labels.reserve(raster.num_pixels());
  raster.VisitBand(0, [&](const auto* values) {
    for (std::int64_t i = 0; i < raster.num_pixels(); ++i)
      loaded.labels.push_back(LabelOf(raster, values[i], i, path));
  });
  return loaded;
}

Raster ReadImage(const std::string& path) { return LoadImage(path).raster; }

std::optional<ImageHeader> ReadImageHeader(const std::string& path) {
  if (IsNullImage(path)) return AskBackends(&ImageBackend::header, {path, {}});
  // Enough for nearly all; profiles and thumbnails before the picture may take more.
  constexpr std::int64_t kFirst = 1 << 16, kMost = 1 << 24, kGrowth = 16;
  const PeekedFile file(path, "an image file");
  for (std::int64_t size = kFirst;; size *= kGrowth) {
    const std::vector<unsigned char> bytes = file.First(std::min(size, file.size()));
    try {
      return AskBackends(&ImageBackend::header, {path, bytes, file.size()});
    } catch (const TruncatedImage&) {
      if (size >= std::min(kMost, file.size())) throw;
    }
  }
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
