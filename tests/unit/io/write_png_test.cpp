#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/image_io.h>

#include <opencv2/imgcodecs.hpp>

#include "test_files.h"

namespace gmmseg {
namespace {

using namespace test;

// OpenCV as a second opinion on what was written.
cv::Mat Read(const std::string& path) { return cv::imread(path, cv::IMREAD_UNCHANGED); }

// The content of the first chunk of that name.
Bytes Chunk(const Bytes& png, const std::string& name) {
  const Bytes type = ToBytes(name);
  const auto at = std::search(png.begin(), png.end(), type.begin(), type.end());
  if (at == png.end()) return {};
  const std::size_t size = static_cast<std::size_t>(at[-2]) << 8 | at[-1];
  return Bytes(at + 4, at + 4 + static_cast<std::ptrdiff_t>(size));
}

}  // namespace

TEST_CASE("write png: an indexed mask keeps its indices, palette and one clear entry") {
  const TemporaryFolder folder;
  const std::string path = folder.File("labels.png");
  const Palette palette{{{0, 0, 0}, {10, 20, 30}, {40, 50, 60}}, ZeroIndex::kTransparent};
  WriteIndexedPng(path, 2, 2, std::vector<std::uint8_t>{0, 1, 2, 1}, palette);
  const Bytes png = ReadAll(path);
  CHECK(Chunk(png, "PLTE") == Bytes{0, 0, 0, 10, 20, 30, 40, 50, 60});
  CHECK(Chunk(png, "tRNS") == Bytes{0});
  CHECK(Chunk(png, "IHDR")[9] == 3);
  CHECK(Read(path).at<cv::Vec4b>(1, 0) == cv::Vec4b(60, 50, 40, 255));
  const Raster raster = ReadImage(path);
  CHECK(ValidityOf(raster) == std::vector<int>{0, 1, 1, 1});
  CHECK(folder.CountFiles() == 1);
}

TEST_CASE("write png: an opaque palette has no transparency") {
  const TemporaryFolder folder;
  WriteIndexedPng(folder.File("a.png"), 1, 1, std::vector<std::uint8_t>{0},
                  {{{1, 2, 3}}, ZeroIndex::kOpaque});
  CHECK(Chunk(ReadAll(folder.File("a.png")), "tRNS").empty());
}

TEST_CASE("write png: grey of 8 and 16 bits and colour come back exactly") {
  const TemporaryFolder folder;
  const std::string path = folder.File("image.png");
  WriteGrayPng(path, 3, 1, std::vector<std::uint8_t>{0, 128, 255});
  CHECK(Read(path).at<std::uint8_t>(0, 1) == 128);
  WriteGrayPng(path, 2, 1, std::vector<std::uint16_t>{258, 65535});
  CHECK(Read(path).at<std::uint16_t>(0, 0) == 258);
  CHECK(BandOf<std::uint16_t>(ReadImage(path), 0) == std::vector<std::uint16_t>{258, 65535});
  WriteRgbPng(path, 1, 2, std::vector<Rgb>{{1, 2, 3}, {4, 5, 6}});
  CHECK(Read(path).at<cv::Vec3b>(1, 0) == cv::Vec3b(6, 5, 4));
  CHECK(folder.CountFiles() == 1);
}

TEST_CASE("write png: shapes that do not fit are the caller's error") {
  const TemporaryFolder folder;
  const std::string path = folder.File("a.png");
  CHECK_THROWS_AS(WriteGrayPng(path, 2, 2, std::vector<std::uint8_t>(3)), ParameterError);
  CHECK_THROWS_AS(WriteGrayPng(path, 0, 0, std::vector<std::uint8_t>()), ParameterError);
  CHECK_THROWS_AS(WriteIndexedPng(path, 1, 1, std::vector<std::uint8_t>(1), {{}, {}}),
                  ParameterError);
  CHECK(folder.CountFiles() == 0);
}

TEST_CASE("write png: an index beyond the palette is refused, and no file is left") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(WriteIndexedPng(folder.File("a.png"), 2, 1, std::vector<std::uint8_t>{0, 7},
                                  {{{1, 2, 3}}, ZeroIndex::kOpaque}),
                  ParameterError);
  CHECK(folder.CountFiles() == 0);
}

}  // namespace gmmseg
