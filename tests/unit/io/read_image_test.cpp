#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/image_io.h>
#include <sys/stat.h>

#include <cmath>
#include <limits>
#include <thread>

#include "base/hash.h"
#include "io/file_bytes.h"
#include "io/map_reader.h"
#include "test_files.h"

namespace gmmseg {
namespace {

using namespace test;

std::string ReadError(const std::string& path) {
  return MessageOf([&] { ReadImage(path); });
}

}  // namespace

TEST_CASE("read: what is no image file has its own one-line message") {
  const TemporaryFolder folder;
  WriteAll(folder.File("empty.png"), {});
  WriteAll(folder.File("text.png"), ToBytes("Dear reader,\nthis is a letter.\n"));
  CHECK(ReadError(folder.File("none.png")) ==
        folder.File("none.png") + ": no such file; give an image file");
  CHECK(ReadError(folder.path()) == folder.path() + ": is a folder; give an image file");
  CHECK(ReadError(folder.File("empty.png")) ==
        folder.File("empty.png") + ": is empty (0 bytes); give an image file");
  CHECK(ReadError(folder.File("text.png")) ==
        folder.File("text.png") +
            ": is not an image that this build reads (DICOM, PNG, TIFF, PNM, PFM, JPEG, BMP, WebP, " +
            std::string(kNiftiFormats) + std::string(kMapFormats) +
            "); convert it to one of these");
  CHECK(ReadError(folder.File("text.png/x")).ends_with(": cannot be opened: Not a directory"));
}

TEST_CASE("read: errors are IoErrors of reading") {
  try {
    ReadImage("/nowhere/at/all.png");
    FAIL("read a file that is not there");
  } catch (const IoError& error) {
    CHECK(error.operation() == IoError::Operation::kRead);
  }
}

TEST_CASE("read: the content decides, not the extension") {
  const TemporaryFolder folder;
  const std::string path = folder.File("really_a_bitmap.png");
  WriteAll(path, EncodeWithOpenCv(".bmp", ColorGradient(5, 4)));
  CHECK(ReadImage(path).width() == 5);
}

TEST_CASE("load: one reading, to the end of a pipe, gives the raster and the content's hash") {
  const TemporaryFolder folder;
  const std::string pipe = folder.File("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const Bytes image = EncodeWithOpenCv(".bmp", ColorGradient(300, 200));
  std::thread writer([&] { WriteAll(pipe, image); });
  const LoadedImage loaded = LoadImage(pipe);
  writer.join();
  CHECK(BandOf<std::uint8_t>(loaded.raster, 2) ==
        BandOf<std::uint8_t>(DecodeImage("image", image), 2));
  CHECK(loaded.hash == ContentHash(image));
}

TEST_CASE("load: the hash is FNV-1a of the bytes, and empty for an image without a file") {
  const TemporaryFolder folder;
  WriteAll(folder.File("dot.pgm"), ToBytes("P2\n1 1\n255\n7\n"));
  CHECK(LoadImage(folder.File("dot.pgm")).hash ==
        "fnv1a64:5d7633d70f496c0e");  // by Python, from FNV's definition
  CHECK(LoadImage("null:2x2x1").hash.empty());
}

TEST_CASE("read: NaN and infinity become 0 that is missing; the other bands stay") {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::nanf("");
  const Bytes tiff = EncodeTiff({.width = 3, .samples = 2, .bits = 32, .format = 3, .extra = {0}},
                                BytesOf<float>({1, 2, nan, 3, 4, -inf}));
  const Raster raster = DecodeImage("float.tif", tiff);
  CHECK(ValidityOf(raster) == std::vector<int>{1, 0, 0});
  CHECK(BandOf<float>(raster, 0) == std::vector<float>{1, 0, 4});
  CHECK(BandOf<float>(raster, 1) == std::vector<float>{2, 3, 0});
  CHECK_FALSE(raster.HasBand(0, 1));
  CHECK(raster.HasBand(1, 1));
  CHECK(raster.HasBand(0, 2));
  CHECK_FALSE(raster.HasBand(1, 2));
}

TEST_CASE("read: a colour with a NaN or an infinity in it is none, and 0 in every channel") {
  const Bytes tiff =
      EncodeTiff({.width = 2, .samples = 3, .bits = 32, .format = 3, .photometric = 2},
                 BytesOf<float>({1, 2, 3, 4, std::nanf(""), 5}));
  const Raster raster = DecodeImage("float.tif", tiff);
  CHECK(ValidityOf(raster) == std::vector<int>{1, 0});
  CHECK_FALSE(raster.HasSomeBand(1));
  CHECK(BandOf<float>(raster, 0) == std::vector<float>{1, 0});
}

TEST_CASE("null image: the size, bands and type asked for, the same at every call") {
  const Raster raster = ReadImage("null:40x30x3:u16");
  CHECK(raster.width() == 40);
  CHECK(raster.height() == 30);
  CHECK(raster.color_model() == ColorModel::kRgb);
  CHECK(raster.type() == SampleType::kUint16);
  CHECK(BandOf<std::uint16_t>(raster, 2) ==
        BandOf<std::uint16_t>(ReadImage("null:40x30x3:u16"), 2));
  CHECK(ReadImage("null:2x2x1").color_model() == ColorModel::kGray);
  CHECK(ReadImage("null:2x2x5:f32").color_model() == ColorModel::kMultiband);
}

TEST_CASE("labels: indices, and values of few bits, are as they are stored") {
  const TemporaryFolder folder;
  const auto labels_of = [&](const Bytes& bytes) {
    WriteAll(folder.File("labels"), bytes);
    return LoadLabels(folder.File("labels")).labels;
  };
  const std::vector<std::uint16_t> expected = {0, 1, 2, 3};
  const Bytes packed = {0b00011011};
  const std::vector<std::uint8_t> colors = {9, 9, 9, 200, 0, 0, 0, 200, 0, 0, 0, 200};
  CHECK(labels_of(EncodePng({4, 1, 3, 2, packed, colors, {0}})) == expected);
  CHECK(labels_of(EncodePng({4, 1, 0, 2, packed, {}, {}})) == expected);
  CHECK(labels_of(EncodePng({4, 1, 4, 8, {0, 255, 1, 255, 2, 255, 3, 255}, {}, {}})) == expected);
  CHECK(labels_of(EncodePng({4, 1, 4, 8, {7, 0, 1, 255, 2, 255, 3, 255}, {}, {}})) == expected);
  CHECK(labels_of(EncodePng({2, 1, 0, 16, {1, 0, 0, 7}, {}, {}})) ==
        std::vector<std::uint16_t>{256, 7});
  CHECK(labels_of(EncodeTiff({.width = 4, .bits = 2}, packed)) == expected);
  TiffSpec indexed{.width = 4, .photometric = 3};
  indexed.palette.assign(3 * 256, 77);
  CHECK(labels_of(EncodeTiff(indexed, {0, 1, 2, 3})) == expected);
  CHECK(labels_of(ToBytes("P2 4 1 3 0 1 2 3")) == expected);
}

TEST_CASE("labels: colours and what is no number of a class are refused") {
  const TemporaryFolder folder;
  const std::string path = folder.File("labels");
  const auto refusal = [&](const Bytes& bytes) {
    WriteAll(path, bytes);
    return MessageOf([&] { LoadLabels(path); });
  };
  CHECK(refusal(ToBytes("P3 1 1 255 1 2 3")).find("colours") != std::string::npos);
  const TiffSpec real{.bits = 32, .format = 3};
  CHECK(refusal(EncodeTiff(real, BytesOf<float>({-1}))).find("-1") != std::string::npos);
  CHECK(refusal(EncodeTiff(real, BytesOf<float>({0.5}))).find("0.5") != std::string::npos);
  CHECK(refusal(EncodeTiff(real, BytesOf<float>({70000}))).find("65535") != std::string::npos);
}

TEST_CASE("null image: float values lie in 0…1 and vary") {
  const Raster raster = ReadImage("null:200x200x1:f32");
  const std::vector<float> band = BandOf<float>(raster, 0);
  const auto [least, most] = std::minmax_element(band.begin(), band.end());
  CHECK(*least >= 0);
  CHECK(*most <= 1);
  CHECK(*most - *least > 0.5f);
}

TEST_CASE("null image: anything else after null: is refused") {
  for (const char* path :
       {"null:", "null:3", "null:0x2x1", "null:-3x2x1", "null:3x2x1:u32", "null:3x2x1x",
        "null:99999999999999999999x1x1", "null:9000000000x9000000000x1", "null:1x1x100000"})
    CHECK_THROWS_AS(ReadImage(path), IoError);
}

}  // namespace gmmseg
