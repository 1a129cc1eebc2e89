#include "io/write_pictures.h"

#include <doctest/doctest.h>
#include <gmmseg/errors.h>
#include <gmmseg/threads.h>
#include <zlib.h>

#include <algorithm>
#include <opencv2/imgcodecs.hpp>

#include "base/random.h"
#include "io/deflate.h"
#include "test_files.h"

namespace gmmseg {
namespace {

using namespace test;

// Mostly smooth, a little noisy: something to compress and something that does not.
std::uint8_t ValueAt(std::int64_t x, std::int64_t y, int c) {
  const std::uint64_t noise = Hash(1, c, y * 100000 + x) % 7;
  return static_cast<std::uint8_t>(x / 3 + y / 5 + 40 * c + static_cast<std::int64_t>(noise));
}

Picture Colors(const std::string& path, std::int64_t width, std::int64_t height) {
  return {path,
          width,
          height,
          PixelKind::kRgb8,
          {},
          [width](std::int64_t first, std::int64_t count, std::uint8_t* rows) {
            for (std::int64_t i = 0; i < count * width * 3; ++i)
              rows[i] = ValueAt(i / 3 % width, first + i / 3 / width, static_cast<int>(i % 3));
          }};
}

std::int64_t CountWrong(const cv::Mat& bgr) {
  std::int64_t wrong = 0;
  for (int y = 0; y < bgr.rows; ++y)
    for (int x = 0; x < bgr.cols; ++x)
      for (int c = 0; c < 3; ++c) wrong += bgr.at<cv::Vec3b>(y, x)[2 - c] != ValueAt(x, y, c);
  return wrong;
}

Bytes Inflate(const Bytes& stream, std::size_t size) {
  Bytes raw(size + 1);
  uLongf raw_size = raw.size();
  REQUIRE(uncompress(raw.data(), &raw_size, stream.data(), stream.size()) == Z_OK);
  raw.resize(raw_size);
  return raw;
}

}  // namespace

TEST_CASE("pictures: OpenCV and libpng read back what was written, wherever bands of rows end") {
  const TemporaryFolder folder;
  const std::string path = folder.File("a.png");
  // Rows of 3 × 1000 bytes fill a band of 2^18 bytes with 87; the widest row is more than a band.
  for (const auto& [width, height] : {std::pair{1, 1},
                                      {1000, 86},
                                      {1000, 87},
                                      {1000, 88},
                                      std::pair{1000, 174},
                                      {1000, 175},
                                      {100000, 3},
                                      {1, 300}}) {
    const Picture picture = Colors(path, width, height);
    WritePictures({&picture, 1});
    const cv::Mat read = cv::imread(path, cv::IMREAD_UNCHANGED);
    REQUIRE(read.rows == height);
    REQUIRE(read.cols == width);
    CHECK(CountWrong(read) == 0);
    CHECK(BandOf<std::uint8_t>(ReadImage(path), 1).back() == ValueAt(width - 1, height - 1, 1));
  }
}

TEST_CASE("pictures: several in one go are the same bytes for 1, 2 and 7 threads") {
  const TemporaryFolder folder;
  const auto write = [&](int threads) {
    const ThreadLimit limit(threads);
    const std::vector<Picture> pictures = {Colors(folder.File("a.png"), 900, 700),
                                           Colors(folder.File("b.png"), 5, 5),
                                           Colors(folder.File("c.png"), 333, 400)};
    WritePictures(pictures);
    std::vector<Bytes> files;
    for (const Picture& picture : pictures) files.push_back(ReadAll(picture.path));
    return files;
  };
  const std::vector<Bytes> one = write(1);
  CHECK(write(2) == one);
  CHECK(write(7) == one);
  CHECK(folder.CountFiles() == 3);
}

TEST_CASE("pictures: 16-bit rows are written from the high byte, in every band") {
  const TemporaryFolder folder;
  const std::string path = folder.File("a.png");
  constexpr int kWidth = 3000, kHeight = 100;
  std::vector<std::uint16_t> values(kWidth * kHeight);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::uint16_t>(Mix(i));
  WriteGrayPng(path, kWidth, kHeight, values);
  CHECK(BandOf<std::uint16_t>(ReadImage(path), 0) == values);
}

TEST_CASE("pictures: when making rows fails, no file of that picture is left") {
  const TemporaryFolder folder;
  Picture picture = Colors(folder.File("a.png"), 1000, 1000);
  picture.make_rows = [](std::int64_t first, std::int64_t, std::uint8_t*) {
    if (first > 500) throw ParameterError("no more rows");
  };
  CHECK_THROWS_WITH_AS(WritePictures({&picture, 1}), "no more rows", ParameterError);
  CHECK(folder.CountFiles() == 0);
}

TEST_CASE("deflate: parts that are joined inflate to the whole, by zlib's own check") {
  Bytes raw(100000);
  for (std::size_t i = 0; i < raw.size(); ++i) raw[i] = ValueAt(i, i / 1000, 0);
  for (const std::size_t part_size : {7, 999, 50000, 100000, 200000}) {
    ZlibFrame frame;
    Bytes stream = ZlibFrame::Header();
    for (std::size_t first = 0; first < raw.size(); first += part_size) {
      const std::size_t size = std::min(part_size, raw.size() - first);
      const DeflatedPart part =
          DeflatePart(std::span(raw).subspan(first, size),
                      first + size == raw.size() ? StreamPart::kLast : StreamPart::kInner);
      stream.insert(stream.end(), part.bytes.begin(), part.bytes.end());
      frame.Append(part);
    }
    const Bytes trailer = frame.Trailer();
    stream.insert(stream.end(), trailer.begin(), trailer.end());
    CHECK(Inflate(stream, raw.size()) == raw);
  }
}

}  // namespace gmmseg
