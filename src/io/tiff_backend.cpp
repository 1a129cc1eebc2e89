// Plain TIFF of any band count and sample type through libtiff: OpenCV 4.6 fails on more than four
// bands and silently drops some. The first full-size picture of the file is read.
#include <gmmseg/errors.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <vector>

#include "io/file_bytes.h"
#include "io/image_backend.h"
#include "io/interleaved.h"
#include "io/no_data.h"
#include "io/orientation.h"
#include "io/tiff_handle.h"
#include "io/tiff_tags.h"

namespace gmmseg {
namespace {

constexpr int kNone = -1;

// What is only read, and knows its size.
class InputStream : public TiffStream {
 public:
  explicit InputStream(toff_t size) : size_(size) {}

  tmsize_t Read(void* out, tmsize_t count) override {
    const toff_t left = position_ < size_ ? size_ - position_ : 0;
    const tmsize_t taken = ReadAt(out, std::min<toff_t>(left, count), position_);
    if (taken > 0) position_ += taken;
    return taken;
  }
  tmsize_t Write(const void*, tmsize_t) override { return 0; }
  toff_t Seek(toff_t offset, int whence) override {
    position_ = offset + (whence == SEEK_CUR ? position_ : whence == SEEK_END ? size_ : 0);
    return position_;
  }
  toff_t Size() override { return size_; }

 private:
  // `count` bytes that lie within the size; negative: an error.
  virtual tmsize_t ReadAt(void* out, std::size_t count, toff_t offset) = 0;

  toff_t size_;
  toff_t position_ = 0;
};

class MemoryStream : public InputStream {
 public:
  explicit MemoryStream(std::span<const unsigned char> bytes)
      : InputStream(bytes.size()), bytes_(bytes) {}

 private:
  tmsize_t ReadAt(void* out, std::size_t count, toff_t offset) override {
    if (count > 0) std::memcpy(out, bytes_.data() + offset, count);
    return static_cast<tmsize_t>(count);
  }

  std::span<const unsigned char> bytes_;
};

class FileStream : public InputStream {
 public:
  explicit FileStream(const PeekedFile& file)
      : InputStream(static_cast<toff_t>(file.size())), file_(file) {}

 private:
  tmsize_t ReadAt(void* out, std::size_t count, toff_t offset) override {
    return file_.ReadAt(out, count, static_cast<std::int64_t>(offset));
  }

  const PeekedFile& file_;
};

// One file being read.
struct TiffInput {
  const ImageSource& source;
  const TiffHandle& handle;

  TIFF* get() const { return handle.get(); }
  void Require(bool ok) const {
    if (!ok) ThrowDamaged(source, "or truncated TIFF", handle.error());
  }
  [[noreturn]] void ThrowUnsupported(const std::string& what) const {
    throw IoError(IoError::Operation::kRead, source.path + ": a TIFF with " + what +
                                                 ", which this build does not read; convert it to "
                                                 "8- or 16-bit integers or 32-bit float");
  }
};

struct TiffLayout {
  std::uint32_t width = 0, height = 0;
  std::uint16_t samples = 1;  // per pixel, alpha included
  std::uint16_t bits = 1;
  std::uint16_t format = SAMPLEFORMAT_UINT;
  std::uint16_t planar = PLANARCONFIG_CONTIG;
  std::uint16_t photometric = PHOTOMETRIC_MINISBLACK;
  std::uint16_t orientation = ORIENTATION_TOPLEFT;
  int alpha = kNone;  // index of the sample that is alpha

  int num_bands() const { return samples - (alpha == kNone ? 0 : 1); }
  bool IsSeparate() const { return planar == PLANARCONFIG_SEPARATE && samples > 1; }
};

template <typename T>
T Tag(TIFF* tiff, std::uint32_t tag, T otherwise) {
  T value{};
  return TIFFGetFieldDefaulted(tiff, tag, &value) ? value : otherwise;
}

int AlphaSample(TIFF* tiff, int num_samples) {
  std::uint16_t count = 0;
  const std::uint16_t* kinds = nullptr;
  if (!TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds) || count >= num_samples)
    return kNone;
  for (int e = 0; e < count; ++e)
    if (kinds[e] == EXTRASAMPLE_ASSOCALPHA || kinds[e] == EXTRASAMPLE_UNASSALPHA)
      return num_samples - count + e;
  return kNone;
}

TiffLayout LayoutOf(TIFF* tiff) {
  TiffLayout layout;
  layout.width = Tag<std::uint32_t>(tiff, TIFFTAG_IMAGEWIDTH, 0);
  layout.height = Tag<std::uint32_t>(tiff, TIFFTAG_IMAGELENGTH, 0);
  layout.samples = Tag<std::uint16_t>(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  layout.bits = Tag<std::uint16_t>(tiff, TIFFTAG_BITSPERSAMPLE, 1);
  layout.format = Tag<std::uint16_t>(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
  layout.planar = Tag<std::uint16_t>(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  layout.photometric = Tag<std::uint16_t>(
      tiff, TIFFTAG_PHOTOMETRIC, layout.samples == 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK);
  layout.orientation = Tag<std::uint16_t>(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  layout.alpha = AlphaSample(tiff, layout.samples);
  return layout;
}

// Files of cameras and viewers may begin with a thumbnail.
void GoToFullSizePicture(const TiffInput& input) {
  constexpr std::uint32_t kSecondary = FILETYPE_REDUCEDIMAGE | FILETYPE_MASK;
  while (Tag<std::uint32_t>(input.get(), TIFFTAG_SUBFILETYPE, 0) & kSecondary)
    if (!TIFFReadDirectory(input.get()))
      input.ThrowUnsupported("nothing but thumbnails and masks (a camera's raw file?)");
}

// A rectangle of samples as they were stored: a row of a strip, or a tile.
struct Block {
  const unsigned char* data;
  std::int64_t row_bytes;
  std::int64_t x, y, width, height;  // within the image; `data` may hold more to the right, below
  int first_sample, num_samples;     // those that are interleaved here
};
using BlockVisitor = std::function<void(const Block&)>;

std::int64_t RowBytes(const TiffLayout& layout, std::int64_t width) {
  const int samples = layout.IsSeparate() ? 1 : layout.samples;
  return (width * samples * layout.bits + 7) / 8;
}

void VisitRows(const TiffInput& input, const TiffLayout& layout, const BlockVisitor& visit) {
  const std::int64_t row_bytes = RowBytes(layout, layout.width);
  const int step = layout.IsSeparate() ? 1 : layout.samples;
  input.Require(TIFFScanlineSize64(input.get()) >= static_cast<std::uint64_t>(row_bytes));
  std::vector<unsigned char> row(TIFFScanlineSize64(input.get()));
  for (int s = 0; s < layout.samples; s += step)
    for (std::uint32_t y = 0; y < layout.height; ++y) {
      input.Require(TIFFReadScanline(input.get(), row.data(), y, static_cast<std::uint16_t>(s)) ==
                    1);
      visit({row.data(), row_bytes, 0, y, layout.width, 1, s, step});
    }
}

void VisitTilesOfSample(const TiffInput& input, const TiffLayout& layout, int first_sample,
                        const BlockVisitor& visit) {
  const std::int64_t width = layout.width, height = layout.height;
  const std::int64_t tile_width = Tag<std::uint32_t>(input.get(), TIFFTAG_TILEWIDTH, 0);
  const std::int64_t tile_height = Tag<std::uint32_t>(input.get(), TIFFTAG_TILELENGTH, 0);
  const std::int64_t row_bytes = RowBytes(layout, tile_width);
  CheckSize(input.source, tile_width, tile_height, RowBytes(layout, 1));
  input.Require(TIFFTileSize64(input.get()) >= static_cast<std::uint64_t>(row_bytes * tile_height));
  std::vector<unsigned char> tile(TIFFTileSize64(input.get()));
  for (std::int64_t y = 0; y < height; y += tile_height)
    for (std::int64_t x = 0; x < width; x += tile_width) {
      input.Require(TIFFReadTile(input.get(), tile.data(), static_cast<std::uint32_t>(x),
                                 static_cast<std::uint32_t>(y), 0,
                                 static_cast<std::uint16_t>(first_sample)) > 0);
      visit({tile.data(), row_bytes, x, y, std::min(tile_width, width - x),
             std::min(tile_height, height - y), first_sample,
             layout.IsSeparate() ? 1 : layout.samples});
    }
}

void VisitBlocks(const TiffInput& input, const TiffLayout& layout, const BlockVisitor& visit) {
  if (!TIFFIsTiled(input.get())) return VisitRows(input, layout, visit);
  const int num_planes = layout.IsSeparate() ? layout.samples : 1;
  for (int s = 0; s < num_planes; ++s) VisitTilesOfSample(input, layout, s, visit);
}

// Whole-byte samples, as the machine stores them; types that Raster lacks become float.
template <typename Stored>
struct WholeSample {
  using Value = std::conditional_t<
      std::is_same_v<Stored, std::uint8_t> || std::is_same_v<Stored, std::uint16_t>, Stored, float>;

  Value operator()(const unsigned char* row, std::int64_t i) const {
    Stored stored;
    std::memcpy(&stored, row + i * static_cast<std::int64_t>(sizeof stored), sizeof stored);
    return static_cast<Value>(stored);
  }
};

// Unsigned samples of any other width, packed from the highest bit down. Fewer than 8 bits fill
// 0…255, unless they are labels; more than 8 stay as they are, and the largest is white.
template <typename T>
struct PackedSample {
  using Value = T;
  int bits;
  ValueMeaning meaning;

  Value operator()(const unsigned char* row, std::int64_t i) const {
    const std::uint32_t max = (1u << bits) - 1;
    std::uint32_t value = 0;
    for (std::int64_t bit = i * bits; bit < (i + 1) * bits; ++bit)
      value = value << 1 | (row[bit / 8] >> (7 - bit % 8) & 1u);
    const bool fills = bits < 8 && meaning == ValueMeaning::kColor;
    return static_cast<Value>(fills ? (value * 255 + max / 2) / max : value);
  }
};

// Colour needs samples whose white is known; signed and wider integers have none.
ColorModel ColorModelOf(const TiffLayout& layout) {
  const bool known_white = layout.format == SAMPLEFORMAT_IEEEFP ||
                           (layout.format != SAMPLEFORMAT_INT && layout.bits <= 16);
  if (layout.num_bands() == 1) return ColorModel::kGray;
  return layout.num_bands() == 3 && layout.photometric == PHOTOMETRIC_RGB && known_white
             ? ColorModel::kRgb
             : ColorModel::kMultiband;
}

template <typename Sample>
void CopySample(const Block& block, const Sample& sample, int offset, typename Sample::Value* band,
                std::int64_t width) {
  for (std::int64_t y = 0; y < block.height; ++y) {
    const unsigned char* row = block.data + y * block.row_bytes;
    auto* out = band + (block.y + y) * width + block.x;
    for (std::int64_t x = 0; x < block.width; ++x)
      out[x] = sample(row, x * block.num_samples + offset);
  }
}

template <typename Sample>
void InvalidateTransparent(const Block& block, const Sample& sample, int offset, Raster& raster) {
  for (std::int64_t y = 0; y < block.height; ++y)
    for (std::int64_t x = 0; x < block.width; ++x)
      if (sample(block.data + y * block.row_bytes, x * block.num_samples + offset) == 0)
        raster.Invalidate((block.y + y) * raster.width() + block.x + x);
}

template <typename Sample>
Raster ReadSamples(const TiffInput& input, const TiffLayout& layout, const Sample& sample) {
  using Value = typename Sample::Value;
  CheckSize(input.source, layout.width, layout.height,
            layout.samples * static_cast<std::int64_t>(sizeof(Value)));
  Raster raster(layout.width, layout.height, layout.num_bands(), SampleTypeOf<Value>(),
                ColorModelOf(layout));
  VisitBlocks(input, layout, [&](const Block& block) {
    for (int offset = 0; offset < block.num_samples; ++offset) {
      const int s = block.first_sample + offset;
      if (s == layout.alpha) {
        InvalidateTransparent(block, sample, offset, raster);
      } else {
        const int b = layout.alpha != kNone && s > layout.alpha ? s - 1 : s;
        CopySample(block, sample, offset, raster.Band<Value>(b), raster.width());
      }
    }
  });
  return raster;
}

// Calls visit(sample) with the kind of sample that the layout means, and gives what it gives.
template <typename Visitor>
auto VisitUnsigned(const TiffInput& input, const TiffLayout& layout, const Visitor& visit) {
  switch (layout.bits) {
    case 8:
      return visit(WholeSample<std::uint8_t>{});
    case 16:
      return visit(WholeSample<std::uint16_t>{});
    case 32:
      return visit(WholeSample<std::uint32_t>{});
    case 64:
      return visit(WholeSample<std::uint64_t>{});
    default:
      break;
  }
  const ValueMeaning meaning = input.source.meaning;
  if (layout.bits >= 1 && layout.bits < 8)
    return visit(PackedSample<std::uint8_t>{layout.bits, meaning});
  if (layout.bits > 8 && layout.bits < 16)
    return visit(PackedSample<std::uint16_t>{layout.bits, meaning});
  input.ThrowUnsupported(std::to_string(layout.bits) + "-bit integers");
}

template <typename Visitor>
auto VisitSigned(const TiffInput& input, const TiffLayout& layout, const Visitor& visit) {
  switch (layout.bits) {
    case 8:
      return visit(WholeSample<std::int8_t>{});
    case 16:
      return visit(WholeSample<std::int16_t>{});
    case 32:
      return visit(WholeSample<std::int32_t>{});
    case 64:
      return visit(WholeSample<std::int64_t>{});
    default:
      input.ThrowUnsupported(std::to_string(layout.bits) + "-bit signed integers");
  }
}

template <typename Visitor>
auto VisitFloat(const TiffInput& input, const TiffLayout& layout, const Visitor& visit) {
  switch (layout.bits) {
    case 32:
      return visit(WholeSample<float>{});
    case 64:
      return visit(WholeSample<double>{});
    default:
      input.ThrowUnsupported(std::to_string(layout.bits) + "-bit float samples");
  }
}

template <typename Visitor>
auto VisitSampleKind(const TiffInput& input, const TiffLayout& layout, const Visitor& visit) {
  switch (layout.format) {
    case SAMPLEFORMAT_UINT:
    case SAMPLEFORMAT_VOID:
      return VisitUnsigned(input, layout, visit);
    case SAMPLEFORMAT_INT:
      return VisitSigned(input, layout, visit);
    case SAMPLEFORMAT_IEEEFP:
      return VisitFloat(input, layout, visit);
    default:
      input.ThrowUnsupported("complex samples");
  }
}

Raster ReadPlain(const TiffInput& input, const TiffLayout& layout) {
  Raster raster = VisitSampleKind(
      input, layout, [&](const auto& sample) { return ReadSamples(input, layout, sample); });
  if (raster.type() == SampleType::kUint16) raster.SetWhite((1 << layout.bits) - 1);
  return raster;
}

void RequireRgba(const TiffInput& input) {
  char reason[1024] = "";
  if (!TIFFRGBAImageOK(input.get(), reason))
    input.ThrowUnsupported(std::string("colours: ") + reason);
}

constexpr int kRgbaChannels = 4;

// Palettes, YCbCr, CMYK, LogLuv and the like: libtiff's own conversion to 8-bit colour. It is told
// the file's own orientation, so that it turns nothing.
Raster ReadAsRgba(const TiffInput& input, const TiffLayout& layout) {
  static_assert(std::endian::native == std::endian::little, "libtiff packs R into the low byte");
  CheckSize(input.source, layout.width, layout.height, kRgbaChannels);
  RequireRgba(input);
  std::vector<std::uint32_t> pixels(static_cast<std::size_t>(layout.width) * layout.height);
  constexpr int kStopOnError = 1;
  input.Require(TIFFReadRGBAImageOriented(input.get(), layout.width, layout.height, pixels.data(),
                                          layout.orientation, kStopOnError) == 1);
  return ToRaster(InterleavedImage<std::uint8_t>{
      reinterpret_cast<const std::uint8_t*>(pixels.data()), layout.width, layout.height,
      kRgbaChannels, ChannelOrder::kRgb});
}

std::optional<double> NoData(TIFF* tiff) {
  const TIFFField* const field = TIFFFindField(tiff, kGdalNoDataTag, TIFF_ANY);
  if (!field) return std::nullopt;
  // GDAL, once it is loaded, makes the tag known to libtiff as a text, which has no count.
  std::uint32_t count = std::numeric_limits<std::uint32_t>::max();
  const char* text = nullptr;
  const int found = TIFFFieldPassCount(field) ? TIFFGetField(tiff, kGdalNoDataTag, &count, &text)
                                              : TIFFGetField(tiff, kGdalNoDataTag, &text);
  if (!found || !text) return std::nullopt;
  const char *end = text + strnlen(text, count), *first = text;
  while (first < end && *first == ' ') ++first;
  double value = 0;
  if (std::from_chars(first, end, value).ec != std::errc()) return std::nullopt;
  return value;
}

// Unsigned integers alone have a white to count from; others stay as they are.
void Invert(Raster& raster) {
  const auto white = static_cast<std::uint16_t>(raster.white());
  for (int b = 0; b < raster.num_bands(); ++b)
    raster.VisitBand(b, [&]<typename T>(const T*) {
      if constexpr (!std::is_same_v<T, float>)
        for (T *value = raster.Band<T>(b), *end = value + raster.num_pixels(); value < end; ++value)
          *value = static_cast<T>(white - *value);
    });
}

bool IsPlain(std::uint16_t photometric, ValueMeaning meaning) {
  return photometric == PHOTOMETRIC_MINISBLACK || photometric == PHOTOMETRIC_MINISWHITE ||
         photometric == PHOTOMETRIC_RGB ||
         (photometric == PHOTOMETRIC_PALETTE && meaning == ValueMeaning::kLabel);
}

bool IsTiff(const ImageSource& source) {
  return source.StartsWith({"II*\0", 4}) || source.StartsWith({"MM\0*", 4}) ||
         source.StartsWith({"II+\0", 4}) || source.StartsWith({"MM\0+", 4});
}

// Goes to the picture that is read, and tells how it is stored.
TiffLayout OpenPicture(const TiffInput& input) {
  input.Require(input.get() != nullptr);
  GoToFullSizePicture(input);
  const TiffLayout layout = LayoutOf(input.get());
  CheckSize(input.source, layout.width, layout.height, 1);
  return layout;
}

}  // namespace

std::optional<ImageHeader> ReadTiffHeader(const ImageSource& source) {
  if (!IsTiff(source)) return std::nullopt;
  // The tags stand anywhere in the file.
  const PeekedFile file(source.path, "an image file");
  FileStream stream(file);
  const TiffHandle handle(source.path, "rmO", stream, MaxDecodedBytes(source));
  const TiffInput input{source, handle};
  const TiffLayout layout = OpenPicture(input);
  if (!IsPlain(layout.photometric, source.meaning)) {
    RequireRgba(input);
    return HeaderOf(layout.width, layout.height, kRgbaChannels, SampleType::kUint8);
  }
  const SampleType type = VisitSampleKind(input, layout, [](const auto& sample) {
    return SampleTypeOf<typename std::decay_t<decltype(sample)>::Value>();
  });
  return ImageHeader{layout.width, layout.height, layout.num_bands(), type, ColorModelOf(layout)};
}

std::optional<Raster> ReadTiff(const ImageSource& source) {
  if (!IsTiff(source)) return std::nullopt;
  MemoryStream stream(source.bytes);
  const TiffHandle handle(source.path, "rm", stream, MaxDecodedBytes(source));
  const TiffInput input{source, handle};
  const TiffLayout layout = OpenPicture(input);
  Raster raster = IsPlain(layout.photometric, source.meaning) ? ReadPlain(input, layout)
                                                              : ReadAsRgba(input, layout);
  TakeOutNoData(raster, std::vector(raster.num_bands(), NoData(handle.get())));
  if (layout.photometric == PHOTOMETRIC_MINISWHITE) Invert(raster);
  return Upright(std::move(raster), layout.orientation);
}

}  // namespace gmmseg
