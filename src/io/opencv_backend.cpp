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
  if (source.meaning == ValueMeaning::kLabel)
    throw IoError(IoError::Operation::kRead,
                  source.path +
                      ": is a JPEG, whose numbers are not exactly those that were drawn; save "
                      "labels as PNG or TIFF");
  const JpegFacts facts = WalkJpeg(source, JpegPart::kWhole);
  return Upright(Planar(Decode(source, "JPEG")), ExifOrientation(facts.exif));
}

struct BmpHeader {
  bool is_core = false;  // the header of OS/2 1.x
  std::int64_t width = 0, height = 0;
  std::int64_t bits = 0, compression = 0;
  std::int64_t pixels_at = 0, pixel_bytes = 0;
  std::size_t palette_at = 0;
};

BmpHeader ParseBmp(const ImageSource& source) {
  constexpr std::size_t kCoreHeader = 12, kFileHeader = 14, kInfoHeader = 40;
  constexpr std::int64_t kRunLength8 = 1, kRunLength4 = 2, kBitFields = 3;
  const std::span<const unsigned char> bytes = source.bytes;
  if (bytes.size() < kFileHeader + kInfoHeader)
    ThrowTruncated(source, "BMP", "it ends in its header");
  BmpHeader header;
  header.pixels_at = LittleEndian(bytes, 10, 4);
  header.palette_at = kFileHeader + LittleEndian(bytes, 14, 4);
  const bool core = header.is_core = header.palette_at == kFileHeader + kCoreHeader;
  header.width = core ? LittleEndian(bytes, 18, 2) : LittleEndian(bytes, 18, 4);
  // Negative where rows run from the top.
  header.height =
      std::abs(core ? LittleEndian(bytes, 20, 2)
                    : std::int64_t{static_cast<std::int32_t>(LittleEndian(bytes, 22, 4))});
  header.bits = LittleEndian(bytes, core ? 24 : 28, 2);
  header.compression = core ? 0 : LittleEndian(bytes, 30, 4);
  CheckSize(source, header.width, header.height, 4);
  if (header.compression > kBitFields)
    ThrowDamaged(source, "BMP",
                 "compression " + std::to_string(header.compression) + "; must be 0 to 3");
  const bool run_length = header.compression == kRunLength8 || header.compression == kRunLength4;
  header.pixel_bytes = run_length ? LittleEndian(bytes, 34, 4)
                                  : (header.width * header.bits + 31) / 32 * 4 * header.height;
  return header;
}

// As OpenCV decides: a palette of greys makes a grey image, and a core header does too.
int NumChannels(const ImageSource& source, const BmpHeader& header) {
  constexpr int kGray = 1, kColor = 3;
  constexpr std::int64_t kEntrySize = 4;
  if (header.is_core) return kGray;
  if (header.bits > 8) return kColor;
  const std::int64_t most = std::int64_t{1} << header.bits;
  const std::int64_t used = LittleEndian(source.bytes, 46, 4);
  const std::size_t size = (used == 0 ? most : std::min(used, most)) * kEntrySize;
  if (header.palette_at + size > source.bytes.size())
    ThrowTruncated(source, "BMP", "it ends in its palette");
  for (std::size_t at = header.palette_at; at < header.palette_at + size; at += kEntrySize)
    if (source.bytes[at] != source.bytes[at + 1] || source.bytes[at] != source.bytes[at + 2])
      return kColor;
  return kGray;
}

// Throws unless the file is as long as its header says.
void CheckLength(const ImageSource& source, std::string_view format, std::int64_t promised) {
  if (promised > source.file_size)
    ThrowTruncated(source, format,
                   "its header promises " + std::to_string(promised) + " bytes, it has " +
                       std::to_string(source.file_size));
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
  const BmpHeader header = ParseBmp(source);
  CheckLength(source, "BMP", header.pixels_at + header.pixel_bytes);
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
  CheckLength(source, "WebP", LittleEndian(source.bytes, 4, 4) + 8);
  return Upright(Planar(Decode(source, "WebP")), ExifOrientation(WebpExif(source)));
}

ImageHeader EightBitHeader(std::int64_t width, std::int64_t height, int channels) {
  return HeaderOf(width, height, channels, SampleType::kUint8);
}

ImageHeader ReadJpegHeader(const ImageSource& source) {
  const JpegFacts facts = WalkJpeg(source, JpegPart::kHeader);
  return EightBitHeader(facts.width, facts.height, facts.num_channels);
}

ImageHeader ReadBmpHeader(const ImageSource& source) {
  const BmpHeader header = ParseBmp(source);
  return EightBitHeader(header.width, header.height, NumChannels(source, header));
}

// Of the three kinds of first chunk: extended, lossless, and a key frame of VP8.
ImageHeader ReadWebpHeader(const ImageSource& source) {
  constexpr std::size_t kChunk = 12, kContent = 20, kEnough = 30;
  constexpr int kColor = 3;
  const auto number = [&](std::size_t offset, std::size_t count) {
    return LittleEndian(source.bytes, kContent + offset, count);
  };
  if (source.bytes.size() < kEnough) ThrowTruncated(source, "WebP", "it ends in its header");
  if (source.StartsWith("VP8X", kChunk))
    return EightBitHeader(number(4, 3) + 1, number(7, 3) + 1, kColor);
  constexpr std::int64_t kSideBits = 14, kSideMask = (1 << kSideBits) - 1;
  constexpr std::int64_t kLosslessMagic = 0x2F;
  if (source.StartsWith("VP8L", kChunk) && number(0, 1) == kLosslessMagic) {
    const std::int64_t sides = number(1, 4);
    return EightBitHeader((sides & kSideMask) + 1, (sides >> kSideBits & kSideMask) + 1, kColor);
  }
  if (!source.StartsWith("VP8 ", kChunk) || !source.StartsWith("\x9D\x01\x2A", kContent + 3))
    ThrowDamaged(source, "WebP", "no picture where it begins");
  const std::int64_t width = number(6, 2) & kSideMask, height = number(8, 2) & kSideMask;
  CheckSize(source, width, height, kColor);
  return EightBitHeader(width, height, kColor);
}

// What is asked of each format.
template <typename Answer>
std::optional<Answer> AskFormat(const ImageSource& source, Answer (*jpeg)(const ImageSource&),
                                Answer (*bmp)(const ImageSource&),
                                Answer (*webp)(const ImageSource&)) {
  if (source.StartsWith("\xFF\xD8\xFF")) return jpeg(source);
  if (source.StartsWith("BM")) return bmp(source);
  if (source.StartsWith("RIFF") && source.StartsWith("WEBP", 8)) return webp(source);
  return std::nullopt;
}

}  // namespace

std::optional<Raster> ReadWithOpenCv(const ImageSource& source) {
  return AskFormat(source, ReadJpeg, ReadBmp, ReadWebp);
}

std::optional<ImageHeader> ReadOpenCvHeader(const ImageSource& source) {
  return AskFormat(source, ReadJpegHeader, ReadBmpHeader, ReadWebpHeader);
}

}  // namespace gmmseg
