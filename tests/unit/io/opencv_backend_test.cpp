#include <doctest/doctest.h>
#include <gmmseg/errors.h>

#include <cstdlib>
#include <opencv2/imgcodecs.hpp>

#include "io/file_bytes.h"
#include "test_files.h"

namespace gmmseg {
namespace {

using namespace test;

const std::string kExif("Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0",
                        32);

// The JPEG with an EXIF segment behind its first marker.
Bytes WithExif(const Bytes& jpeg) {
  Bytes segment = {0xFF, 0xE1, 0, static_cast<unsigned char>(kExif.size() + 2)};
  segment = Concatenate(segment, ToBytes(kExif));
  Bytes marked(jpeg.begin(), jpeg.begin() + 2);
  marked = Concatenate(marked, segment);
  marked.insert(marked.end(), jpeg.begin() + 2, jpeg.end());
  return marked;
}

Bytes Cut(const Bytes& bytes, std::size_t size) {
  return Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
}

void CheckEveryTruncation(const std::string& name, const std::string& format, const Bytes& bytes,
                          std::size_t first) {
  const std::string printed = StderrOf([&] {
    for (std::size_t size = first; size < bytes.size(); size += 1 + bytes.size() / 300) {
      CAPTURE(size);
      CHECK(MessageOf([&] {
              DecodeImage(name, Cut(bytes, size));
            }).starts_with(name + ": truncated " + format));
    }
  });
  CHECK(printed.empty());
  CHECK_NOTHROW(DecodeImage(name, Concatenate(bytes, {0, 1, 2})));
}

// 2 × 2, 32 bits per pixel.
Bytes Bmp32(int compression, const Bytes& masks, const Bytes& pixels) {
  Bytes bmp(54, 0);
  bmp[0] = 'B', bmp[1] = 'M', bmp[10] = static_cast<unsigned char>(54 + masks.size());
  bmp[14] = 40, bmp[18] = 2, bmp[22] = 2, bmp[26] = 1, bmp[28] = 32;
  bmp[30] = static_cast<unsigned char>(compression);
  return Concatenate(Concatenate(bmp, masks), pixels);
}

}  // namespace

TEST_CASE("jpeg: colour in planes R, G, B; grey in one") {
  const Raster color = DecodeImage(
      "red.jpg", EncodeWithOpenCv(".jpg", cv::Mat(8, 8, CV_8UC3, cv::Scalar(0, 0, 255))));
  CHECK(color.color_model() == ColorModel::kRgb);
  CHECK(std::abs(color.Band<std::uint8_t>(0)[0] - 255) <= 2);
  CHECK(color.Band<std::uint8_t>(2)[0] <= 2);
  const Raster gray =
      DecodeImage("gray.jpg", EncodeWithOpenCv(".jpg", cv::Mat(8, 8, CV_8UC1, cv::Scalar(99))));
  CHECK(gray.color_model() == ColorModel::kGray);
  CHECK(gray.num_bands() == 1);
}

TEST_CASE("jpeg: CMYK comes out as colour (pure cyan, made by Pillow)") {
  const char* hex =
      "ffd8ffee000e41646f626500640000000000ffdb004300020101010101020101010202020202040302020202"
      "0504040304060506060605060606070908060709070606080b08090a0a0a0a0a06080b0c0b0a0c090a0a0aff"
      "c000140800080008044311004d11005911004b1100ffc400150001010000000000000000000000000000090a"
      "ffc40014100100000000000000000000000000000000ffda000e0443004d0059004b00003f009ff3f87f0fe3"
      "ffd9";
  Bytes jpeg;
  for (const char* digits = hex; *digits; digits += 2)
    jpeg.push_back(static_cast<unsigned char>(std::stoi(std::string(digits, 2), nullptr, 16)));
  const Raster raster = DecodeImage("cyan.jpg", jpeg);
  CHECK(raster.color_model() == ColorModel::kRgb);
  CHECK(raster.Band<std::uint8_t>(0)[0] <= 5);
  CHECK(raster.Band<std::uint8_t>(1)[0] >= 250);
  CHECK(raster.Band<std::uint8_t>(2)[0] >= 250);
}

TEST_CASE("jpeg: EXIF orientation 6 turns the picture a quarter clockwise, once") {
  cv::Mat image(16, 48, CV_8UC1, cv::Scalar(0));
  image.colRange(0, 16).setTo(255);  // left third white: at the top once it is turned
  const Raster raster = DecodeImage("phone.jpg", WithExif(EncodeWithOpenCv(".jpg", image)));
  CHECK(raster.width() == 16);
  CHECK(raster.height() == 48);
  CHECK(raster.Band<std::uint8_t>(0)[0] > 250);
  CHECK(raster.Band<std::uint8_t>(0)[16 * 47] < 5);
}

TEST_CASE("jpeg: truncated anywhere is an error, bytes behind the end are not") {
  CheckEveryTruncation("cut.jpg", "JPEG", WithExif(EncodeWithOpenCv(".jpg", ColorGradient(40, 30))),
                       3);
}

TEST_CASE("jpeg: an end-of-image marker inside a thumbnail does not end the picture") {
  const Bytes thumbnail = EncodeWithOpenCv(".jpg", ColorGradient(8, 8));
  Bytes segment = {0xFF, 0xE2, static_cast<unsigned char>((thumbnail.size() + 2) >> 8),
                   static_cast<unsigned char>((thumbnail.size() + 2) & 255)};
  const Bytes jpeg = EncodeWithOpenCv(".jpg", ColorGradient(40, 30));
  Bytes whole = Concatenate(Concatenate(Cut(jpeg, 2), segment), thumbnail);
  whole.insert(whole.end(), jpeg.begin() + 2, jpeg.end());
  CHECK(DecodeImage("thumb.jpg", whole).width() == 40);
  CHECK_THROWS_AS(DecodeImage("thumb.jpg", Cut(whole, whole.size() - 30)), IoError);
}

TEST_CASE("jpeg: zero and absurd sizes are refused") {
  Bytes jpeg = EncodeWithOpenCv(".jpg", cv::Mat(8, 8, CV_8UC1, cv::Scalar(9)));
  const unsigned char frame[] = {0xFF, 0xC0};
  const auto at = std::search(jpeg.begin(), jpeg.end(), frame, frame + 2);
  REQUIRE(at != jpeg.end());
  std::fill(at + 5, at + 9, static_cast<unsigned char>(0xFF));
  CHECK(MessageOf([&] {
          DecodeImage("huge.jpg", jpeg);
        }).starts_with("huge.jpg: image size 65535 x 65535 cannot come from a file of "));
  std::fill(at + 5, at + 9, static_cast<unsigned char>(0));
  CHECK(MessageOf([&] { DecodeImage("zero.jpg", jpeg); }) ==
        "zero.jpg: image size 0 x 0; every dimension must be >= 1");
}

TEST_CASE("bmp: colour, grey, and 32 bits with an empty fourth byte, which means opaque") {
  const cv::Mat image = ColorGradient(7, 5);
  const Raster color = DecodeImage("c.bmp", EncodeWithOpenCv(".bmp", image));
  CHECK(color.Band<std::uint8_t>(0)[8] == image.at<cv::Vec3b>(1, 1)[2]);
  CHECK(DecodeImage("g.bmp", EncodeWithOpenCv(".bmp", cv::Mat(3, 5, CV_8UC1, cv::Scalar(7))))
            .num_bands() == 1);
  const Bytes masks = {0, 0, 0xFF, 0, 0, 0xFF, 0, 0, 0xFF, 0, 0, 0};
  const Bytes opaque = {1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0, 10, 11, 12, 0};
  CHECK(DecodeImage("x.bmp", Bmp32(0, {}, opaque)).CountValid() == 4);
  CHECK(DecodeImage("x.bmp", Bmp32(3, masks, opaque)).CountValid() == 4);
  Bytes one_seen = opaque;
  one_seen[3] = 255;
  CHECK(DecodeImage("x.bmp", Bmp32(3, masks, one_seen)).CountValid() == 1);
}

TEST_CASE("bmp: truncated anywhere is an error") {
  CheckEveryTruncation("cut.bmp", "BMP", EncodeWithOpenCv(".bmp", ColorGradient(20, 10)), 2);
}

TEST_CASE("webp: colour and alpha, lossless") {
  cv::Mat image(2, 2, CV_8UC4, cv::Scalar(1, 2, 3, 255));
  image.at<cv::Vec4b>(0, 1)[3] = 0;
  Bytes bytes;
  cv::imencode(".webp", image, bytes, {cv::IMWRITE_WEBP_QUALITY, 101});
  const Raster raster = DecodeImage("a.webp", bytes);
  CHECK(raster.num_bands() == 3);
  CHECK(raster.Band<std::uint8_t>(0)[0] == 3);
  CHECK(ValidityOf(raster) == std::vector<int>{1, 0, 1, 1});
}

TEST_CASE("webp: truncated anywhere is an error") {
  CheckEveryTruncation("cut.webp", "WebP", EncodeWithOpenCv(".webp", ColorGradient(30, 20)), 12);
}

TEST_CASE("webp: an EXIF chunk's orientation is applied") {
  Bytes webp = EncodeWithOpenCv(".webp", ColorGradient(30, 20));
  const Bytes chunk = Concatenate(
      {'E', 'X', 'I', 'F', static_cast<unsigned char>(kExif.size()), 0, 0, 0}, ToBytes(kExif));
  webp = Concatenate(webp, chunk);
  const std::size_t riff_size = webp.size() - 8;
  webp[4] = static_cast<unsigned char>(riff_size & 255);
  webp[5] = static_cast<unsigned char>(riff_size >> 8);
  CHECK(DecodeImage("phone.webp", webp).width() == 20);
}

}  // namespace gmmseg
