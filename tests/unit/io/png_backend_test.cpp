#include <doctest/doctest.h>
#include <gmmseg/errors.h>

#include "io/file_bytes.h"
#include "test_files.h"

namespace gmmseg {
namespace {

using namespace test;

constexpr int kGray = 0, kRgb = 2, kIndexed = 3, kGrayAlpha = 4, kRgba = 6;

Raster Decode(const PngSpec& spec) { return DecodeImage("test.png", EncodePng(spec)); }

}  // namespace

TEST_CASE("png: 8-bit colour comes out as planes R, G, B") {
  const Raster raster = Decode({2, 1, kRgb, 8, {1, 2, 3, 4, 5, 6}, {}, {}});
  CHECK(raster.color_model() == ColorModel::kRgb);
  CHECK(raster.type() == SampleType::kUint8);
  CHECK(BandOf<std::uint8_t>(raster, 0) == std::vector<std::uint8_t>{1, 4});
  CHECK(BandOf<std::uint8_t>(raster, 2) == std::vector<std::uint8_t>{3, 6});
  CHECK(raster.validity().empty());
}

TEST_CASE("png: 16 bits stay 16 bits") {
  const Raster gray = Decode({2, 1, kGray, 16, {0x12, 0x34, 0xff, 0xfe}, {}, {}});
  CHECK(BandOf<std::uint16_t>(gray, 0) == std::vector<std::uint16_t>{0x1234, 0xfffe});
  const Raster color = Decode({1, 1, kRgb, 16, {0, 1, 0, 2, 1, 0}, {}, {}});
  CHECK(BandOf<std::uint16_t>(color, 2) == std::vector<std::uint16_t>{256});
}

TEST_CASE("png: 1, 2 and 4 bits fill 0…255") {
  CHECK(BandOf<std::uint8_t>(Decode({4, 1, kGray, 1, {0b10100000}, {}, {}}), 0) ==
        std::vector<std::uint8_t>{255, 0, 255, 0});
  CHECK(BandOf<std::uint8_t>(Decode({2, 1, kGray, 4, {0x3f}, {}, {}}), 0) ==
        std::vector<std::uint8_t>{51, 255});
}

TEST_CASE("png: grey + alpha is one grey band and validity") {
  const Raster raster = Decode({3, 1, kGrayAlpha, 8, {10, 0, 20, 1, 30, 255}, {}, {}});
  CHECK(raster.color_model() == ColorModel::kGray);
  CHECK(raster.num_bands() == 1);
  CHECK(BandOf<std::uint8_t>(raster, 0) == std::vector<std::uint8_t>{10, 20, 30});
  CHECK(ValidityOf(raster) == std::vector<int>{0, 1, 1});
}

TEST_CASE("png: only alpha 0 is no data") {
  const Raster raster = Decode({2, 1, kRgba, 8, {1, 2, 3, 0, 4, 5, 6, 1}, {}, {}});
  CHECK(raster.num_bands() == 3);
  CHECK(ValidityOf(raster) == std::vector<int>{0, 1});
  const Raster deep = Decode({1, 1, kRgba, 16, {0, 1, 0, 2, 0, 3, 0, 0}, {}, {}});
  CHECK(deep.type() == SampleType::kUint16);
  CHECK(deep.CountValid() == 0);
}

TEST_CASE("png: a palette becomes colours, its transparent entries no data") {
  const std::vector<std::uint8_t> palette = {10, 20, 30, 40, 50, 60};
  const Raster opaque = Decode({2, 1, kIndexed, 8, {1, 0}, palette, {}});
  CHECK(opaque.color_model() == ColorModel::kRgb);
  CHECK(BandOf<std::uint8_t>(opaque, 0) == std::vector<std::uint8_t>{40, 10});
  CHECK(opaque.validity().empty());
  const Raster clear = Decode({2, 1, kIndexed, 8, {1, 0}, palette, {0}});
  CHECK(ValidityOf(clear) == std::vector<int>{1, 0});
}

TEST_CASE("png: the transparent colour of grey and RGB files is no data") {
  CHECK(ValidityOf(Decode({2, 1, kGray, 8, {7, 8}, {}, {}, {8}})) == std::vector<int>{1, 0});
  CHECK(ValidityOf(Decode({2, 1, kRgb, 8, {1, 2, 3, 4, 5, 6}, {}, {}, {1, 2, 3}})) ==
        std::vector<int>{0, 1});
}

TEST_CASE("png: an EXIF orientation is applied") {
  const Bytes exif = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0};
  const Raster raster = Decode({2, 1, kGray, 8, {1, 2}, {}, {}, {}, exif});
  CHECK(raster.width() == 1);
  CHECK(BandOf<std::uint8_t>(raster, 0) == std::vector<std::uint8_t>{1, 2});
}

TEST_CASE("png: every truncation is an error that says so") {
  const Bytes png = EncodePng({3, 2, kGray, 8, {1, 2, 3, 4, 5, 6}, {}, {}});
  for (std::size_t size = 8; size < png.size(); ++size) {
    const std::string message = MessageOf(
        [&] { DecodeImage("cut.png", Bytes(png.begin(), png.begin() + static_cast<int>(size))); });
    CAPTURE(size);
    CHECK(message.starts_with("cut.png: truncated PNG"));
  }
  CHECK_NOTHROW(DecodeImage("more.png", Concatenate(png, {1, 2, 3})));
}

TEST_CASE("png: a flipped bit in the pixels is found by its checksum") {
  Bytes png = EncodePng({3, 2, kGray, 8, {1, 2, 3, 4, 5, 6}, {}, {}});
  png[png.size() - 20] ^= 1;
  CHECK_THROWS_AS(DecodeImage("bad.png", png), IoError);
}

TEST_CASE("png: sizes that the file cannot hold are refused before anything is allocated") {
  // IHDR says 10^9 × 10^9; an IDAT chunk with two bytes of pixels follows.
  constexpr char kHuge[] =
      "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\x3b\x9a\xca\0\x3b\x9a\xca\0\x08\0\0\0\0\x41\xf7\x59\x38"
      "\0\0\0\x0aIDAT\x78\x9c\x63\x60\0\0\0\x02\0\x01\x48\xaf\xa4\x71";
  const Bytes huge(kHuge, kHuge + sizeof kHuge - 1);
  CHECK(MessageOf([&] { DecodeImage("huge.png", huge); }) ==
        "huge.png: image size 1000000000 x 1000000000 cannot come from a file of 55 bytes; its "
        "header is damaged");
}

}  // namespace gmmseg
