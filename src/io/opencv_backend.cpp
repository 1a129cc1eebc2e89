// JPEG, BMP and WebP through OpenCV, always from memory. What OpenCV would fill with grey or report
// on stderr is found before it is asked.
#include <gmmseg/errors.h>

#include <limits>
#include <new>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>

#include "io/image_backend.h"
#include "io/interleaved.h"
#include "io/jpeg_markers.h"
#include "io/orientation.h"

namespace gmmseg {
namespace {

std::int64_t LittleEndian(std::span<const unsigned char> bytes, std::size_t offset,
                          std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = count; i-- > 0;) value = value << 8 | bytes[offset + i];
  return value;
}

// Depth and alpha as in the file, orientation not applied. Decoding alone does not use OpenCV's
// threads, so that the process's setting of them, which is the caller's, can stay as it is.
cv::Mat Decode(const ImageSource& source, const std::string& format) {
  static const auto silenced =
      cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  static_cast<void>(silenced);
  constexpr std::size_t kMaxBytes = std::numeric_limits<int>::max();
  if (source.bytes.size() > kMaxBytes)
    throw IoError(IoError::Operation::kRead,
                  source.path + ": a " + format + " of more than 2 GiB; convert it to TIFF");
  cv::Mat image;
  try {
    image =
        cv::imdecode(cv::_InputArray(source.bytes.data(), static_cast<int>(source.bytes.size())),
                     cv::IMREAD_UNCHANGED);
  } catch (const cv::Exception& error) {
    if (error.code == cv::Error::StsNoMem) throw std::bad_alloc();
    throw IoError(IoError::Operation::kRead, source.path + ": OpenCV cannot read this " + format +
                                                 " (" + error.err + "); convert it to TIFF or PNG");
  }
  if (image.empty())
    ThrowDamaged(source, format, "OpenCV cannot decode it: broken, or of a rare kind");
  if (image.depth() != CV_8U || !image.isContinuous())
    throw InternalError(source.path + ": OpenCV gave an unexpected layout; please report this");
  return image;
}

Raster Planar(const cv::Mat& image) {
  return ToRaster(InterleavedImage<std::uint8_t>{image.data, image.cols, image.rows,
                                                 image.channels(), ChannelOrder::kBgr});
}

Raster ReadJpeg(const ImageSource& source) {
  const JpegFacts facts = WalkJpeg(source);
  return Upright(Planar(Decode(source, "JPEG")), ExifOrientation(facts.exif));
}

void CheckBmp(const ImageSource& source) {
  constexpr std::size_t kCoreHeader = 12, kFileHeader = 14, kInfoHeader = 40;
  constexpr std::int64_t kRunLength8 = 1, kRunLength4 = 2, kBitFields = 3;
  const std::span<const unsigned char> bytes = source.bytes;
  if (bytes.size() < kFileHeader + kInfoHeader)
    ThrowTruncated(source, "BMP", "it ends in its header");
  const std::int64_t pixels_at = LittleEndian(bytes, 10, 4);
  const bool core = LittleEndian(bytes, 14, 4) == kCoreHeader;
  const std::int64_t width = core ? LittleEndian(bytes, 18, 2) : LittleEndian(bytes, 18, 4);
  // Negative where rows run from the top.
  const std::int64_t height =
      core ? LittleEndian(bytes, 20, 2) : static_cast<std::int32_t>(LittleEndian(bytes, 22, 4));
  const std::int64_t bits = LittleEndian(bytes, core ? 24 : 28, 2);
  const std::int64_t compression = core ? 0 : LittleEndian(bytes, 30, 4);
  CheckSize(source, width, std::abs(height), 4);
  if (compression > kBitFields)
    ThrowDamaged(source, "BMP", "compression " + std::to_string(compression) + "; must be 0 to 3");
  const bool run_length = compression == kRunLength8 || compression == kRunLength4;
  const std::int64_t needed =
      run_length ? LittleEndian(bytes, 34, 4) : (width * bits + 31) / 32 * 4 * std::abs(height);
  if (pixels_at + needed > static_cast<std::int64_t>(bytes.size()))
    ThrowTruncated(source, "BMP",
                   "its header promises " + std::to_string(pixels_at + needed) + " bytes, it has " +
                       std::to_string(bytes.size()));
}

// Most writers leave the fourth byte of a 32-bit BMP at 0 and mean opaque.
void IgnoreEmptyAlpha(cv::Mat& image) {
  if (image.channels() != 4) return;
  const std::size_t size = image.total() * 4;
  for (std::size_t i = 3; i < size; i += 4)
    if (image.data[i] != 0) return;
  for (std::size_t i = 3; i < size; i += 4) image.data[i] = 255;
}

Raster ReadBmp(const ImageSource& source) {
  CheckBmp(source);
  cv::Mat image = Decode(source, "BMP");
  IgnoreEmptyAlpha(image);
  return Planar(image);
}

// The content of the EXIF chunk of a RIFF file; empty where there is none.
std::span<const unsigned char> WebpExif(const ImageSource& source) {
  constexpr std::size_t kFileHeader = 12, kChunkHeader = 8;
  constexpr std::string_view kJpegStyleMagic("Exif\0\0", 6);
  std::size_t position = kFileHeader;
  while (position + kChunkHeader <= source.bytes.size()) {
    const std::size_t size = LittleEndian(source.bytes, position + 4, 4);
    const std::size_t content = position + kChunkHeader;
    if (size > source.bytes.size() - content) break;
    if (source.StartsWith("EXIF", position)) {
      const std::size_t skip =
          source.StartsWith(kJpegStyleMagic, content) ? kJpegStyleMagic.size() : 0;
      return source.bytes.subspan(content + skip, size - std::min(skip, size));
    }
    position = content + size + size % 2;
  }
  return {};
}

Raster ReadWebp(const ImageSource& source) {
  const std::int64_t promised = LittleEndian(source.bytes, 4, 4) + 8;
  if (promised > static_cast<std::int64_t>(source.bytes.size()))
    ThrowTruncated(source, "WebP",
                   "its header promises " + std::to_string(promised) + " bytes, it has " +
                       std::to_string(source.bytes.size()));
  return Upright(Planar(Decode(source, "WebP")), ExifOrientation(WebpExif(source)));
}

}  // namespace

std::optional<Raster> ReadWithOpenCv(const ImageSource& source) {
  if (source.StartsWith("\xFF\xD8\xFF")) return ReadJpeg(source);
  if (source.StartsWith("BM")) return ReadBmp(source);
  if (source.StartsWith("RIFF") && source.StartsWith("WEBP", 8)) return ReadWebp(source);
  return std::nullopt;
}

}  // namespace gmmseg
