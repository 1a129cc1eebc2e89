#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <tiffio.h>

#include <numeric>

#include "io/file_bytes.h"
#include "test_files.h"

namespace gmmseg {
namespace {

using namespace test;

Raster Decode(const TiffSpec& spec, const Bytes& values) {
  return DecodeImage("test.tif", EncodeTiff(spec, values));
}

// 0, 1, 2 … modulo what T holds.
template <typename T>
std::vector<T> Counting(std::size_t count) {
  std::vector<T> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<T>(i % 250);
  return values;
}

template <typename T>
void CheckInterleaved(const Raster& raster, const std::vector<T>& values) {
  for (int b = 0; b < raster.num_bands(); ++b)
    for (std::int64_t i = 0; i < raster.num_pixels(); ++i)
      REQUIRE(raster.Band<T>(b)[i] == values[i * raster.num_bands() + b]);
}

}  // namespace

TEST_CASE("tiff: any band count, strips or tiles, together or apart") {
  for (const int samples : {1, 2, 3, 4, 5, 8})
    for (const int planar : {1, 2})
      for (const std::uint32_t tile : {0u, 16u}) {
        CAPTURE(samples);
        CAPTURE(planar);
        CAPTURE(tile);
        TiffSpec spec{.width = 21, .height = 19, .samples = samples, .bits = 16};
        spec.planar = planar;
        spec.tile = tile;
        spec.extra.assign(samples - 1, 0);
        const auto values = Counting<std::uint16_t>(21 * 19 * samples);
        const Raster raster = Decode(spec, BytesOf(values));
        CHECK(raster.num_bands() == samples);
        CHECK(raster.color_model() == (samples == 1 ? ColorModel::kGray : ColorModel::kMultiband));
        CheckInterleaved(raster, values);
      }
}

TEST_CASE("tiff: every lossless compression, with and without predictor") {
  const auto values = Counting<std::uint8_t>(21 * 19 * 3);
  for (const int compression : {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE,
                                COMPRESSION_PACKBITS, COMPRESSION_ZSTD, COMPRESSION_LZMA}) {
    if (!TIFFIsCODECConfigured(static_cast<std::uint16_t>(compression))) continue;
    CAPTURE(compression);
    TiffSpec spec{.width = 21, .height = 19, .samples = 3, .photometric = PHOTOMETRIC_RGB};
    spec.compression = compression;
    CheckInterleaved(Decode(spec, BytesOf(values)), values);
    if (compression != COMPRESSION_LZW && compression != COMPRESSION_ADOBE_DEFLATE) continue;
    spec.predictor = PREDICTOR_HORIZONTAL;
    CheckInterleaved(Decode(spec, BytesOf(values)), values);
  }
}

TEST_CASE("tiff: both byte orders, classic and big") {
  const auto values = Counting<float>(5 * 4);
  for (const char* mode : {"wl", "wb", "wl8", "wb8"}) {
    CAPTURE(std::string(mode));
    TiffSpec spec{.width = 5, .height = 4, .bits = 32, .format = SAMPLEFORMAT_IEEEFP};
    spec.mode = mode;
    CheckInterleaved(Decode(spec, BytesOf(values)), values);
  }
}

TEST_CASE("tiff: colour is 3 bands tagged RGB with a known white") {
  TiffSpec spec{.samples = 3, .photometric = PHOTOMETRIC_RGB};
  CHECK(Decode(spec, {1, 2, 3}).color_model() == ColorModel::kRgb);
  spec.samples = 4;
  CHECK(Decode(spec, {1, 2, 3, 4}).color_model() == ColorModel::kMultiband);
  spec.samples = 3;
  spec.bits = 32;
  spec.format = SAMPLEFORMAT_IEEEFP;
  CHECK(Decode(spec, BytesOf<float>({0, 1, 0.5f})).color_model() == ColorModel::kRgb);
  spec.format = SAMPLEFORMAT_INT;
  CHECK(Decode(spec, BytesOf<std::int32_t>({-1, 2, 3})).color_model() == ColorModel::kMultiband);
}

TEST_CASE("tiff: alpha becomes validity, wherever it stands") {
  TiffSpec spec{.width = 2, .samples = 4, .photometric = PHOTOMETRIC_RGB, .extra = {2}};
  const Raster color = Decode(spec, {1, 2, 3, 0, 4, 5, 6, 7});
  CHECK(color.color_model() == ColorModel::kRgb);
  CHECK(ValidityOf(color) == std::vector<int>{0, 1});
  spec = {.width = 2, .samples = 3, .planar = 2, .extra = {1, 0}};
  const Raster middle = Decode(spec, {10, 0, 11, 20, 1, 21});
  CHECK(BandOf<std::uint8_t>(middle, 1) == std::vector<std::uint8_t>{11, 21});
  CHECK(ValidityOf(middle) == std::vector<int>{0, 1});
}

TEST_CASE("tiff: types that a raster lacks become float") {
  TiffSpec spec{.width = 2, .bits = 16, .format = SAMPLEFORMAT_INT};
  CHECK(BandOf<float>(Decode(spec, BytesOf<std::int16_t>({-300, 7})), 0) ==
        std::vector<float>{-300, 7});
  spec.bits = 8;
  CHECK(BandOf<float>(Decode(spec, BytesOf<std::int8_t>({-3, 7})), 0) == std::vector<float>{-3, 7});
  spec.bits = 32;
  CHECK(BandOf<float>(Decode(spec, BytesOf<std::int32_t>({-70000, 7})), 0) ==
        std::vector<float>{-70000, 7});
  spec.format = SAMPLEFORMAT_UINT;
  CHECK(BandOf<float>(Decode(spec, BytesOf<std::uint32_t>({3000000000u, 7})), 0) ==
        std::vector<float>{3e9f, 7});
  spec.format = SAMPLEFORMAT_IEEEFP;
  spec.bits = 64;
  const Raster doubles = Decode(spec, BytesOf<double>({0.25, 1e300}));
  CHECK(BandOf<float>(doubles, 0) == std::vector<float>{0.25f, 0});
  CHECK(ValidityOf(doubles) == std::vector<int>{1, 0});
}

TEST_CASE("tiff: packed bits: few fill 0…255, 12 stay as they are") {
  TiffSpec spec{.width = 4, .bits = 1};
  CHECK(BandOf<std::uint8_t>(Decode(spec, {0b10100000}), 0) ==
        std::vector<std::uint8_t>{255, 0, 255, 0});
  spec = {.width = 2, .bits = 12};
  CHECK(BandOf<std::uint16_t>(Decode(spec, {0xab, 0xcd, 0xef}), 0) ==
        std::vector<std::uint16_t>{0xabc, 0xdef});
}

TEST_CASE("tiff: white is the most that 9 to 16 bits hold, turned and inverted too") {
  for (const int bits : {9, 10, 12, 14, 15, 16}) {
    CAPTURE(bits);
    TiffSpec spec{.width = 8, .bits = bits, .orientation = 6};
    const Bytes zeros(2 * static_cast<std::size_t>(bits), 0);
    CHECK(Decode(spec, zeros).white() == (1 << bits) - 1);
    spec.photometric = PHOTOMETRIC_MINISWHITE;
    const Raster inverted = Decode(spec, zeros);
    CHECK(inverted.Band<std::uint16_t>(0)[7] == (1 << bits) - 1);
  }
}

TEST_CASE("tiff: min-is-white is turned to min-is-black") {
  TiffSpec spec{.width = 2, .photometric = PHOTOMETRIC_MINISWHITE};
  CHECK(BandOf<std::uint8_t>(Decode(spec, {0, 200}), 0) == std::vector<std::uint8_t>{255, 55});
  spec.bits = 1;
  CHECK(BandOf<std::uint8_t>(Decode(spec, {0b01000000}), 0) == std::vector<std::uint8_t>{255, 0});
  spec.bits = 16;
  CHECK(BandOf<std::uint16_t>(Decode(spec, BytesOf<std::uint16_t>({0, 65000})), 0) ==
        std::vector<std::uint16_t>{65535, 535});
}

TEST_CASE("tiff: a palette becomes colours") {
  TiffSpec spec{.width = 2, .photometric = PHOTOMETRIC_PALETTE};
  spec.palette.assign(3 * 256, 0);
  spec.palette[5] = 65535;        // red of entry 5
  spec.palette[512 + 6] = 65535;  // blue of entry 6
  const Raster raster = Decode(spec, {5, 6});
  CHECK(raster.color_model() == ColorModel::kRgb);
  CHECK(BandOf<std::uint8_t>(raster, 0) == std::vector<std::uint8_t>{255, 0});
  CHECK(BandOf<std::uint8_t>(raster, 2) == std::vector<std::uint8_t>{0, 255});
}

TEST_CASE("tiff: CMYK is converted, rows stay in order") {
  TiffSpec spec{.height = 2, .samples = 4, .photometric = PHOTOMETRIC_SEPARATED};
  const Raster raster = Decode(spec, {255, 0, 0, 0, 0, 255, 0, 0});
  CHECK(BandOf<std::uint8_t>(raster, 0) == std::vector<std::uint8_t>{0, 255});
  CHECK(BandOf<std::uint8_t>(raster, 1) == std::vector<std::uint8_t>{255, 0});
}

TEST_CASE("tiff: the orientation is applied, to palettes too") {
  TiffSpec spec{.width = 2, .height = 1, .orientation = 6};
  const Raster turned = Decode(spec, {1, 2});
  CHECK(turned.width() == 1);
  CHECK(BandOf<std::uint8_t>(turned, 0) == std::vector<std::uint8_t>{1, 2});
  for (const int orientation : {1, 3, 4}) {
    spec = {
        .width = 1, .height = 2, .photometric = PHOTOMETRIC_PALETTE, .orientation = orientation};
    spec.palette.assign(3 * 256, 0);
    spec.palette[1] = 65535;
    CAPTURE(orientation);
    CHECK(
        BandOf<std::uint8_t>(Decode(spec, {1, 0}), 0) ==
        (orientation == 1 ? std::vector<std::uint8_t>{255, 0} : std::vector<std::uint8_t>{0, 255}));
  }
}

TEST_CASE("tiff: GDAL's nodata is missing band by band, and a colour of nothing else is none") {
  TiffSpec spec{.width = 3, .samples = 2, .extra = {0}, .no_data = "9"};
  const Raster bands = Decode(spec, {9, 9, 9, 1, 1, 1});
  CHECK(ValidityOf(bands) == std::vector<int>{0, 0, 1});
  CHECK_FALSE(bands.HasSomeBand(0));
  CHECK_FALSE(bands.HasBand(0, 1));
  CHECK(bands.HasBand(1, 1));
  spec = {.width = 2, .samples = 3, .photometric = PHOTOMETRIC_RGB, .no_data = "0"};
  CHECK(ValidityOf(Decode(spec, {255, 0, 0, 0, 0, 0})) == std::vector<int>{1, 0});
  spec = {
      .width = 2, .bits = 32, .format = SAMPLEFORMAT_IEEEFP, .no_data = "-3.4028234663852886e+38"};
  CHECK(ValidityOf(Decode(spec, BytesOf<float>({-3.4028235e38f, 1}))) == std::vector<int>{0, 1});
  spec.no_data = "none at all";
  CHECK(Decode(spec, BytesOf<float>({0, 1})).CountValid() == 2);
}

TEST_CASE("tiff: a leading thumbnail is stepped over") {
  const Raster raster = Decode({.width = 2, .thumbnail_first = true}, {1, 2});
  CHECK(BandOf<std::uint8_t>(raster, 0) == std::vector<std::uint8_t>{1, 2});
}

TEST_CASE("tiff: what cannot be read is named") {
  const Bytes halves = EncodeTiff({.bits = 16, .format = SAMPLEFORMAT_IEEEFP}, {0, 60});
  CHECK(MessageOf([&] {
          DecodeImage("half.tif", halves);
        }).starts_with("half.tif: a TIFF with 16-bit float samples, which"));
  const Bytes complex = EncodeTiff({.bits = 64, .format = SAMPLEFORMAT_COMPLEXIEEEFP}, Bytes(8, 0));
  CHECK_THROWS_AS(DecodeImage("complex.tif", complex), IoError);
}

TEST_CASE("tiff: every truncation is an error or leaves the pixels whole, and nothing is printed") {
  TiffSpec spec{.width = 21, .height = 19, .samples = 3, .photometric = PHOTOMETRIC_RGB};
  spec.compression = COMPRESSION_ADOBE_DEFLATE;
  const auto values = Counting<std::uint8_t>(21 * 19 * 3);
  const Bytes tiff = EncodeTiff(spec, BytesOf(values));
  const std::string printed = StderrOf([&] {
    for (std::size_t size = 4; size < tiff.size(); size += 7) {
      const Bytes cut(tiff.begin(), tiff.begin() + static_cast<std::ptrdiff_t>(size));
      CHECK(MessageOf([&] {
              DecodeImage("cut.tif", cut);
            }).starts_with("cut.tif: damaged or truncated TIFF ("));
    }
  });
  CHECK(printed.empty());
}

}  // namespace gmmseg
