// Headers; the oracle is the reader of whole images.
#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/image_io.h>
#include <sys/stat.h>
#include <tiff.h>

#include <opencv2/imgcodecs.hpp>

#include "base/random.h"
#include "test_files.h"

namespace gmmseg {
namespace {

using namespace test;

constexpr int kGray = 0, kRgb = 2, kIndexed = 3, kGrayAlpha = 4, kRgba = 6;

Bytes Cut(const Bytes& bytes, std::size_t size) {
  return Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
}

std::optional<ImageHeader> HeaderOf(const Bytes& bytes) {
  const TemporaryFolder folder;
  WriteAll(folder.File("image"), bytes);
  return ReadImageHeader(folder.File("image"));
}

void CheckAgrees(const std::optional<ImageHeader>& header, const Raster& raster) {
  REQUIRE(header.has_value());
  CHECK(header->width == raster.width());
  CHECK(header->height == raster.height());
  CHECK(header->num_bands == raster.num_bands());
  CHECK(header->type == raster.type());
  CHECK(header->color_model == raster.color_model());
}

void CheckAgrees(const Bytes& bytes) {
  const TemporaryFolder folder;
  WriteAll(folder.File("image"), bytes);
  CheckAgrees(ReadImageHeader(folder.File("image")), ReadImage(folder.File("image")));
}

Bytes Webp(const cv::Mat& image, int quality) {
  Bytes bytes;
  cv::imencode(".webp", image, bytes, {cv::IMWRITE_WEBP_QUALITY, quality});
  return bytes;
}

void Append(Bytes& bytes, std::uint32_t value, int count) {
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<unsigned char>(value >> 8 * i));
}

// 3 × 2 of zeros; the rows may stand from the top. `palette` as in the file.
Bytes Bmp(int bits, const Bytes& palette, std::uint32_t num_colors, std::int32_t height = 2) {
  Bytes bmp = {'B', 'M'};
  const std::uint32_t pixels_at = 54 + static_cast<std::uint32_t>(palette.size());
  for (const std::uint32_t word : {pixels_at + 24, 0u, pixels_at, 40u, 3u}) Append(bmp, word, 4);
  Append(bmp, static_cast<std::uint32_t>(height), 4);
  Append(bmp, 1, 2);
  Append(bmp, static_cast<std::uint32_t>(bits), 2);
  for (const std::uint32_t word : {0u, 24u, 0u, 0u, num_colors, 0u}) Append(bmp, word, 4);
  return Concatenate(Concatenate(bmp, palette), Bytes(24, 0));
}

// The bitmap of OS/2 1.x, 3 × 2, 24 bits.
Bytes CoreBmp() {
  Bytes bmp = {'B', 'M'};
  for (const std::uint32_t word : {26u + 60, 0u, 26u, 12u}) Append(bmp, word, 4);
  for (const std::uint32_t word : {3u, 2u, 1u, 24u}) Append(bmp, word, 2);
  return Concatenate(bmp, Bytes(60, 1));
}

// As many application segments of the greatest length behind the first marker.
Bytes WithSegments(const Bytes& jpeg, int count) {
  Bytes segment(65537, 7);
  segment[0] = 0xFF, segment[1] = 0xE2, segment[2] = segment[3] = 0xFF;
  Bytes result = Cut(jpeg, 2);
  for (int s = 0; s < count; ++s) result = Concatenate(result, segment);
  result.insert(result.end(), jpeg.begin() + 2, jpeg.end());
  return result;
}

}  // namespace

TEST_CASE("header: PNG of every kind and depth agrees with the reader") {
  const std::vector<std::uint8_t> palette = {10, 20, 30, 40, 50, 60};
  for (const int color_type : {kGray, kRgb, kGrayAlpha, kRgba})
    for (const int depth : {8, 16}) {
      CAPTURE(color_type);
      CAPTURE(depth);
      CheckAgrees(EncodePng({3, 2, color_type, depth, Bytes(48, 1), {}, {}}));
    }
  for (const int depth : {1, 2, 4})
    CheckAgrees(EncodePng({3, 2, kGray, depth, Bytes(8, 0), {}, {}}));
  CheckAgrees(EncodePng({3, 2, kIndexed, 8, Bytes(6, 1), palette, {}}));
  CheckAgrees(EncodePng({3, 2, kIndexed, 1, Bytes(2, 0), palette, {0, 255}}));
  CheckAgrees(EncodePng({3, 2, kGray, 8, Bytes(6, 1), {}, {}, {1}}));
  CheckAgrees(EncodePng({3, 2, kGray, 16, Bytes(12, 1), {}, {}, {1}}));
  CheckAgrees(EncodePng({3, 2, kRgb, 8, Bytes(18, 1), {}, {}, {1, 2, 3}}));
}

TEST_CASE("header: JPEG and WebP, colour, grey and alpha, agree with the reader") {
  const cv::Mat color = ColorGradient(50, 30), gray(30, 50, CV_8UC1, cv::Scalar(7));
  const cv::Mat clear(30, 50, CV_8UC4, cv::Scalar(1, 2, 3, 4));
  for (const cv::Mat& image : {color, gray}) CheckAgrees(EncodeWithOpenCv(".jpg", image));
  for (const cv::Mat& image : {color, gray, clear})
    for (const int quality : {50, 101}) CheckAgrees(Webp(image, quality));
}

TEST_CASE("header: BMP is grey where OpenCV makes it grey") {
  const Bytes grays = {0, 0, 0, 0, 9, 9, 9, 0}, colors = {0, 0, 0, 0, 9, 9, 8, 0};
  for (const Bytes& palette : {grays, colors}) {
    CheckAgrees(Bmp(8, palette, 2));
    CheckAgrees(Bmp(1, palette, 0));
  }
  CheckAgrees(Bmp(1, Concatenate(grays, {1, 2, 3, 0}), 3));
  for (const int bits : {16, 24, 32}) CheckAgrees(Bmp(bits, {}, 0));
  CheckAgrees(Bmp(24, {}, 0, -2));
  CheckAgrees(CoreBmp());
}

TEST_CASE("header: PNM and PFM agree with the reader") {
  for (const std::string text : {"P1\n3 2\n010101", "P2 3 2 9 1 2 3 4 5 6", "P5\n3 2\n255\nabcdef",
                                 "P5\n#\n3 1\n4095\nabcdef", "P6\n1 2\n31\nabcdef",
                                 "Pf\n1 1\n-1\nabcd", "PF\n1 1\n1\nabcdefghijkl"}) {
    CAPTURE(text);
    CheckAgrees(ToBytes(text));
  }
}

TEST_CASE("header: TIFF of any kind of sample, band count and layout agrees with the reader") {
  for (const auto& [bits, format] :
       {std::pair(8, SAMPLEFORMAT_UINT), std::pair(12, SAMPLEFORMAT_UINT),
        std::pair(16, SAMPLEFORMAT_UINT), std::pair(32, SAMPLEFORMAT_UINT),
        std::pair(16, SAMPLEFORMAT_INT), std::pair(32, SAMPLEFORMAT_IEEEFP),
        std::pair(64, SAMPLEFORMAT_IEEEFP)})
    for (const int samples : {1, 2, 3, 5}) {
      CAPTURE(bits);
      CAPTURE(samples);
      TiffSpec spec{.width = 4, .height = 2, .samples = samples, .bits = bits, .format = format};
      spec.extra.assign(samples - 1, 0);
      CheckAgrees(EncodeTiff(spec, Bytes(8 * 8 * samples, 0)));
    }
  TiffSpec color{.width = 3, .height = 2, .samples = 3, .photometric = PHOTOMETRIC_RGB};
  for (const std::string mode : {"wb", "wl", "w8"}) {
    color.mode = mode;
    CheckAgrees(EncodeTiff(color, Bytes(18, 1)));
  }
  color.tile = 16;
  color.planar = PLANARCONFIG_SEPARATE;
  CheckAgrees(EncodeTiff(color, Bytes(18, 1)));
  CheckAgrees(EncodeTiff(
      {.width = 3, .height = 2, .samples = 4, .photometric = PHOTOMETRIC_RGB, .extra = {2}},
      Bytes(24, 1)));
  CheckAgrees(EncodeTiff({.width = 3, .height = 2, .thumbnail_first = true}, Bytes(6, 1)));
}

TEST_CASE("header: TIFF's palettes and CMYK become 8-bit colour") {
  TiffSpec spec{.width = 3, .photometric = PHOTOMETRIC_PALETTE};
  spec.palette.assign(3 * 256, 0);
  CheckAgrees(EncodeTiff(spec, Bytes(3, 1)));
  CheckAgrees(
      EncodeTiff({.width = 3, .samples = 4, .photometric = PHOTOMETRIC_SEPARATED}, Bytes(12, 1)));
}

TEST_CASE("header: null images have one too") {
  for (const std::string path : {"null:4x3x1", "null:4x3x3:u16", "null:4x3x5:f32"})
    CheckAgrees(ReadImageHeader(path), ReadImage(path));
  CHECK_THROWS_AS(ReadImageHeader("null:0x1x1"), IoError);
  CHECK(ReadImageHeader("null:100000x100000x3")->width == 100000);
}

TEST_CASE("header: sides are as stored, whatever the orientation") {
  const std::optional<ImageHeader> header =
      HeaderOf(EncodeTiff({.width = 3, .height = 2, .orientation = 6}, Bytes(6, 1)));
  CHECK(header->width == 3);
}

TEST_CASE("header: a truncated file with a whole header still answers") {
  const cv::Mat image = ColorGradient(64, 48);
  for (const std::string extension : {".png", ".jpg", ".bmp", ".webp", ".ppm"}) {
    CAPTURE(extension);
    const Bytes whole = EncodeWithOpenCv(extension, image);
    const Bytes cut = Cut(whole, whole.size() * 3 / 4);
    const TemporaryFolder folder;
    WriteAll(folder.File("cut"), cut);
    REQUIRE_THROWS_AS(ReadImage(folder.File("cut")), IoError);
    CHECK(ReadImageHeader(folder.File("cut"))->height == 48);
  }
}

TEST_CASE("header: is found behind long profiles, up to a bound") {
  const Bytes jpeg = EncodeWithOpenCv(".jpg", ColorGradient(40, 30));
  CheckAgrees(WithSegments(jpeg, 1));
  CheckAgrees(WithSegments(jpeg, 20));
  CHECK_THROWS_AS(HeaderOf(WithSegments(Cut(jpeg, 60), 20)), IoError);
  CheckAgrees(ToBytes("P5 #" + std::string(70000, '-') + "\n3 2 255\nabcdef"));
}

TEST_CASE("header: what is no image gives nothing, what cannot be read is an error") {
  const TemporaryFolder folder;
  CHECK(!HeaderOf(ToBytes("Dear reader,\nthis is a letter.\n")).has_value());
  CHECK(!HeaderOf(ToBytes("x")).has_value());
  CHECK(MessageOf([] { HeaderOf({}); }).ends_with(": is empty (0 bytes); give an image file"));
  CHECK(MessageOf([&] { ReadImageHeader(folder.File("none")); }) ==
        folder.File("none") + ": no such file; give an image file");
  CHECK(MessageOf([&] { ReadImageHeader(folder.path()); }) ==
        folder.path() + ": is a folder; give an image file");
  const std::string pipe = folder.File("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(MessageOf([&] { ReadImageHeader(pipe); }) ==
        pipe + ": is no regular file; give an image file");
}

TEST_CASE("header: one that is cut or of an absurd size is an error") {
  for (const std::string extension : {".png", ".jpg", ".bmp", ".webp"}) {
    CAPTURE(extension);
    const Bytes whole = EncodeWithOpenCv(extension, ColorGradient(9, 9));
    CHECK_THROWS_AS(HeaderOf(Cut(whole, 20)), IoError);
  }
  CHECK_THROWS_AS(HeaderOf(ToBytes("P5\n3 2")), IoError);
  CHECK_THROWS_AS(HeaderOf(ToBytes("P5\n300000 200000\n255\nabc")), IoError);
  CHECK_THROWS_AS(HeaderOf(Cut(EncodeTiff({.width = 3}, Bytes(3, 1)), 12)), IoError);
}

TEST_CASE("header: damaged bytes never crash or print") {
  std::vector<Bytes> files = {
      EncodePng({3, 2, kIndexed, 8, Bytes(6, 1), {1, 2, 3, 4, 5, 6}, {0, 255}}),
      EncodeTiff({.width = 3, .height = 2, .thumbnail_first = true}, Bytes(6, 1)),
      Bmp(8, {0, 0, 0, 0, 9, 9, 9, 0}, 2), ToBytes("P6\n1 2\n31\nabcdef")};
  for (const std::string extension : {".jpg", ".webp"})
    files.push_back(EncodeWithOpenCv(extension, ColorGradient(12, 10)));
  CHECK(StderrOf([&] {
          RandomStream random(11, 0);
          for (const Bytes& file : files)
            for (int copy = 0; copy < 200; ++copy) {
              Bytes damaged = file;
              const auto at = static_cast<std::size_t>(
                  random.Uniform() * static_cast<double>(std::min<std::size_t>(file.size(), 200)));
              damaged[at] = static_cast<unsigned char>(random.Uniform() * 256);
              try {
                HeaderOf(damaged);
              } catch (const IoError&) {
              }
            }
        }) == "");
}

TEST_CASE("extension: in any case of letters, of the last name alone") {
  for (const std::string path : {"a.png", "a.PNG", "/x/b.JpEg", "c.tiff", "d.TIF", "e.webp",
                                 "f.pfm", "g.pbm", "h.bmp", "i.x.ppm"})
    CHECK(HasImageExtension(path));
  for (const std::string path : {"", "png", "a.txt", "a.png/b", "a.gif", "a.png.bak", "a.pngx"})
    CHECK(!HasImageExtension(path));
}

}  // namespace gmmseg
