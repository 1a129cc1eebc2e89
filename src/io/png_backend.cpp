// PNG through libpng rather than OpenCV: OpenCV 4.6 widens grey + alpha to four channels, ignores
// the transparent colour of grey and RGB files, and lets libpng print to stderr.
#include <gmmseg/errors.h>
#include <png.h>

#include <bit>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <vector>

#include "io/image_backend.h"
#include "io/interleaved.h"
#include "io/orientation.h"

namespace gmmseg {
namespace {

constexpr char kTruncated[] = "it ends before its last chunk";

// libpng's state for one file in memory. libpng leaves its functions by longjmp when something is
// wrong; the functions that call it hold nothing that would need a destructor, and return false.
struct PngDecoder {
  explicit PngDecoder(std::span<const unsigned char> file);
  ~PngDecoder() { png_destroy_read_struct(&png, &info, nullptr); }
  PngDecoder(const PngDecoder&) = delete;
  PngDecoder& operator=(const PngDecoder&) = delete;

  std::span<const unsigned char> bytes;  // not yet read
  bool truncated = false;
  char error[128] = "";
  png_structp png = nullptr;
  png_infop info = nullptr;
};

void TakeBytes(png_structp png, png_bytep out, std::size_t count) {
  PngDecoder& decoder = *static_cast<PngDecoder*>(png_get_io_ptr(png));
  if (count > decoder.bytes.size()) {
    decoder.truncated = true;
    png_error(png, kTruncated);
  }
  std::memcpy(out, decoder.bytes.data(), count);
  decoder.bytes = decoder.bytes.subspan(count);
}

void KeepError(png_structp png, png_const_charp message) {
  PngDecoder& decoder = *static_cast<PngDecoder*>(png_get_error_ptr(png));
  std::snprintf(decoder.error, sizeof decoder.error, "%s", message);
  png_longjmp(png, 1);
}

void IgnoreWarning(png_structp, png_const_charp) {}

PngDecoder::PngDecoder(std::span<const unsigned char> file)
    : bytes(file),
      png(png_create_read_struct(PNG_LIBPNG_VER_STRING, this, KeepError, IgnoreWarning)),
      info(png ? png_create_info_struct(png) : nullptr) {
  if (!info) throw InternalError("libpng cannot start; check that its version fits its headers");
  png_set_read_fn(png, this, TakeBytes);
}

bool ReadHeader(PngDecoder& decoder) {
  if (setjmp(png_jmpbuf(decoder.png))) return false;
  // Sizes are checked by CheckSize, which names the file.
  png_set_user_limits(decoder.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_read_info(decoder.png, decoder.info);
  return true;
}

// As colours: 1, 2 and 4 bits fill 8, palettes become colours, transparent colours become alpha.
bool PlanConversion(PngDecoder& decoder, ValueMeaning meaning) {
  if (setjmp(png_jmpbuf(decoder.png))) return false;
  if (meaning == ValueMeaning::kColor)
    png_set_expand(decoder.png);
  else
    png_set_packing(decoder.png);
  if constexpr (std::endian::native == std::endian::little) png_set_swap(decoder.png);
  png_set_interlace_handling(decoder.png);
  png_read_update_info(decoder.png, decoder.info);
  return true;
}

bool ReadRows(PngDecoder& decoder, png_bytepp rows) {
  if (setjmp(png_jmpbuf(decoder.png))) return false;
  png_read_image(decoder.png, rows);
  png_read_end(decoder.png, decoder.info);
  return true;
}

int OrientationOf(PngDecoder& decoder) {
  png_uint_32 size = 0;
  png_bytep exif = nullptr;
  if (!png_get_eXIf_1(decoder.png, decoder.info, &size, &exif)) return 1;
  return ExifOrientation({exif, size});
}

void Require(bool ok, const PngDecoder& decoder, const ImageSource& source) {
  if (ok) return;
  if (decoder.truncated) ThrowTruncated(source, "PNG", decoder.error);
  ThrowDamaged(source, "PNG", decoder.error);
}

// Reads all that stands before the pixels, and plans what they become.
void Open(PngDecoder& decoder, const ImageSource& source) {
  Require(ReadHeader(decoder), decoder, source);
  // Before libpng makes room for whole rows.
  CheckSize(source, png_get_image_width(decoder.png, decoder.info),
            png_get_image_height(decoder.png, decoder.info), 1);
  Require(PlanConversion(decoder, source.meaning), decoder, source);
}

// What the pixels become.
ImageHeader HeaderOf(const PngDecoder& decoder) {
  const bool deep = png_get_bit_depth(decoder.png, decoder.info) == 16;
  return HeaderOf(png_get_image_width(decoder.png, decoder.info),
                  png_get_image_height(decoder.png, decoder.info),
                  png_get_channels(decoder.png, decoder.info),
                  deep ? SampleType::kUint16 : SampleType::kUint8);
}

bool IsPng(const ImageSource& source) { return source.StartsWith("\x89PNG\r\n\x1a\n"); }

template <typename T>
Raster ReadPixels(PngDecoder& decoder, const ImageSource& source) {
  const std::int64_t width = png_get_image_width(decoder.png, decoder.info);
  const std::int64_t height = png_get_image_height(decoder.png, decoder.info);
  const int channels = png_get_channels(decoder.png, decoder.info);
  CheckSize(source, width, height, channels * static_cast<std::int64_t>(sizeof(T)));
  std::vector<T> values(width * height * channels);
  std::vector<png_bytep> rows(height);
  for (std::int64_t y = 0; y < height; ++y)
    rows[y] = reinterpret_cast<png_bytep>(values.data() + y * width * channels);
  Require(ReadRows(decoder, rows.data()), decoder, source);
  return ToRaster(InterleavedImage<T>{values.data(), width, height, channels, ChannelOrder::kRgb});
}

}  // namespace

std::optional<Raster> ReadPng(const ImageSource& source) {
  if (!IsPng(source)) return std::nullopt;
  PngDecoder decoder(source.bytes);
  Open(decoder, source);
  Raster raster = HeaderOf(decoder).type == SampleType::kUint16
                      ? ReadPixels<std::uint16_t>(decoder, source)
                      : ReadPixels<std::uint8_t>(decoder, source);
  return Upright(std::move(raster), OrientationOf(decoder));
}

std::optional<ImageHeader> ReadPngHeader(const ImageSource& source) {
  if (!IsPng(source)) return std::nullopt;
  PngDecoder decoder(source.bytes);
  Open(decoder, source);
  return HeaderOf(decoder);
}

}  // namespace gmmseg
