#include "render/preview.h"

#include <doctest/doctest.h>
#include <gmmseg/threads.h>
#include <zlib.h>

#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "base/random.h"
#include "render/encoding.h"
#include "render/feature_axes.h"

namespace gmmseg {
namespace {

Raster NoisyColors(std::int64_t width, std::int64_t height) {
  Raster raster(width, height, 3, SampleType::kUint8, ColorModel::kRgb);
  for (int b = 0; b < 3; ++b)
    for (std::int64_t i = 0; i < raster.num_pixels(); ++i)
      raster.Band<std::uint8_t>(b)[i] =
          static_cast<std::uint8_t>((i % 3) * 80 + Hash(7, b, i) % 64);
  return raster;
}

SegmentOptions Classes(int num_classes) {
  SegmentOptions options;
  options.fit.num_components = num_classes;
  options.fit.restarts = 1;
  return options;
}

std::uint16_t Uint16At(const Preview& preview, std::size_t byte) {
  return static_cast<std::uint16_t>(preview.data[byte] | preview.data[byte + 1] << 8);
}

void CheckPixels(SmoothMethod method) {
  const Raster raster = NoisyColors(101, 67);
  SegmentOptions options = Classes(3);
  options.smooth.method = method;
  const Segmentation segmentation = Segment(raster, options);
  const Preview preview = MakePreview(raster, segmentation, {40, 100, 1});
  REQUIRE(preview.width == 40);
  REQUIRE(preview.height == 27);
  const std::int64_t n = preview.width * preview.height;
  REQUIRE(preview.cloud_size == 100);
  const std::int64_t posteriors = 2 * n + 2 * 3 * preview.cloud_size;
  REQUIRE(std::ssize(preview.data) == posteriors + 3 * n + 3 * preview.cloud_size);
  const std::vector<std::vector<float>> expected = segmentation.Posteriors(1, 3);
  for (std::int64_t j = 0; j < preview.height; ++j)
    for (std::int64_t i = 0; i < preview.width; ++i) {
      const std::int64_t at = j * preview.width + i;
      const std::int64_t x = (2 * i + 1) * 101 / (2 * preview.width);
      const std::int64_t y = (2 * j + 1) * 67 / (2 * preview.height);
      const std::int64_t pixel = y * 101 + x;
      CHECK(Uint16At(preview, 2 * at) == segmentation.labels[pixel]);
      for (int k = 0; k < 3; ++k)
        CHECK(std::abs(preview.data[posteriors + 3 * at + k] / 255.0 - expected[k][pixel]) <=
              0.5 / 255 + 1e-6);
    }
}

}  // namespace

TEST_CASE("preview: each pixel has the label and the posteriors of the one it stands for") {
  for (const SmoothMethod method :
       {SmoothMethod::kOff, SmoothMethod::kGuided, SmoothMethod::kPotts})
    CheckPixels(method);
}

TEST_CASE("preview: a pixel of the picture is the mean of those that it covers") {
  Raster raster(6, 4, 1, SampleType::kUint8, ColorModel::kGray);
  for (int i = 0; i < 24; ++i) raster.Band<std::uint8_t>(0)[i] = static_cast<std::uint8_t>(10 * i);
  const Preview preview = MakePreview(raster, Segment(raster, Classes(2)), {3, 10, 1});
  REQUIRE(preview.picture.size() == 6);
  CHECK(preview.picture[0] == Rgb{35, 35, 35});     // of 0, 10, 60, 70
  CHECK(preview.picture[5] == Rgb{195, 195, 195});  // of 160, 170, 220, 230
}

TEST_CASE("preview: the cloud's values lie between its ends, which are the pixels' own") {
  const Raster raster = NoisyColors(60, 40);
  SegmentOptions options = Classes(2);
  options.features.color = ColorSpace::kRgb;
  const Segmentation segmentation = Segment(raster, options);
  const Preview preview = MakePreview(raster, segmentation, {60, 5000, 1});
  REQUIRE(preview.cloud_size == 2400);
  const std::size_t first = 2 * 2400, colors = preview.data.size() - 3 * 2400;
  for (std::size_t i = 0; i < 2400; ++i)
    for (std::size_t a = 0; a < 3; ++a) {
      const double t = Uint16At(preview, first + 2 * (3 * i + a)) / 65535.0;
      const double value =
          preview.cloud_low[a] + t * (preview.cloud_high[a] - preview.cloud_low[a]);
      CHECK(value == doctest::Approx(preview.data[colors + 3 * i + a]).epsilon(1e-3));
    }
}

TEST_CASE("preview: one pixel, no data and very long images") {
  const Raster one(1, 1, 3, SampleType::kUint8, ColorModel::kRgb);
  CHECK(MakePreview(one, Segment(one, Classes(3)), kPreviewOfOne).picture.size() == 1);
  const Raster line(5000, 1, 1, SampleType::kUint8, ColorModel::kGray);
  const Preview of_line = MakePreview(line, Segment(line, Classes(1)), kPreviewOfMany);
  CHECK(of_line.width == kPreviewOfMany.longest_side);
  CHECK(of_line.height == 1);
  Raster empty(3, 2, 1, SampleType::kUint8, ColorModel::kGray);
  for (int i = 0; i < 6; ++i) empty.Invalidate(i);
  const Preview of_empty = MakePreview(empty, Segment(empty, Classes(2)), kPreviewOfOne);
  CHECK(of_empty.cloud_size == 0);
  CHECK(of_empty.data == std::vector<std::uint8_t>(12));
}

TEST_CASE("preview: many classes make it smaller, not larger") {
  Raster raster(300, 300, 3, SampleType::kUint8, ColorModel::kRgb);
  for (int b = 0; b < 3; ++b)
    for (int i = 0; i < 90000; ++i)
      raster.Band<std::uint8_t>(b)[i] = static_cast<std::uint8_t>(Hash(3, b, i));
  SegmentOptions options = Classes(255);
  options.fit.max_iterations = 0;
  const Segmentation segmentation = Segment(raster, options);
  REQUIRE(segmentation.classes.size() > 200);
  const Preview preview = MakePreview(raster, segmentation, kPreviewOfOne);
  CHECK(preview.width * preview.height * std::ssize(segmentation.classes) <=
        1.01 * kMostPosteriors);
  CHECK(preview.width > 200);
}

TEST_CASE("axes: chroma and lightness where there are any, and the place by itself") {
  const auto axes_of = [](ColorSpace color, double position) {
    const Raster raster(4, 4, 3, SampleType::kUint8, ColorModel::kRgb);
    return AxesOf(DescribeFeatures(raster, {color, position}));
  };
  CHECK(axes_of(ColorSpace::kLab, 0).features == std::vector{1, 2, 0});
  CHECK(axes_of(ColorSpace::kHsv, 0).features == std::vector{0, 1, 2});
  CHECK(axes_of(ColorSpace::kHsv, 0).projections == std::vector<std::vector<int>>{{0, 1}, {0, 2}});
  CHECK(axes_of(ColorSpace::kGray, 0).projections == std::vector<std::vector<int>>{{0}});
  CHECK(axes_of(ColorSpace::kLab, 1).features == std::vector{1, 2, 0, 3, 4});
  CHECK(axes_of(ColorSpace::kGray, 1).projections == std::vector<std::vector<int>>{{0}, {1, 2}});
}

TEST_CASE("encoding: base64 of RFC 4648's examples") {
  const auto encoded = [](std::string text) {
    return Base64({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  };
  CHECK(encoded("") == "");
  CHECK(encoded("f") == "Zg==");
  CHECK(encoded("fo") == "Zm8=");
  CHECK(encoded("foo") == "Zm9v");
  CHECK(encoded("foobar") == "Zm9vYmFy");
  CHECK(encoded("\xff\xfe\xfd") == "//79");
}

TEST_CASE("encoding: a stream gives its bytes back") {
  std::vector<std::uint8_t> bytes(100000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i % 7);
  const std::vector<std::uint8_t> stream = Deflated(bytes);
  CHECK(stream.size() < bytes.size() / 10);
  std::vector<std::uint8_t> back(bytes.size());
  uLongf size = back.size();
  REQUIRE(uncompress(back.data(), &size, stream.data(), stream.size()) == Z_OK);
  CHECK(back == bytes);
}

TEST_CASE("encoding: a JPEG is coarser where it would be too large, and of the right colours") {
  std::vector<Rgb> noise(320 * 320);
  for (std::size_t i = 0; i < noise.size(); ++i)
    for (int c = 0; c < 3; ++c) noise[i][c] = static_cast<std::uint8_t>(Hash(5, c, i));
  CHECK(JpegOf(noise, 320, 320, SIZE_MAX).size() > 60000);
  CHECK(JpegOf(noise, 320, 320, 40000).size() <= 40000);
  const cv::Mat red = cv::imdecode(JpegOf(std::vector<Rgb>(64, Rgb{250, 20, 10}), 8, 8, SIZE_MAX),
                                   cv::IMREAD_COLOR);
  CHECK(red.at<cv::Vec3b>(4, 4)[2] > 240);
  CHECK(red.at<cv::Vec3b>(4, 4)[0] < 30);
}

TEST_CASE("encoding: URLs and HTML hold any byte") {
  CHECK(UrlOf("sub/a b#c?.png") == "sub/a%20b%23c%3F.png");
  CHECK(UrlOf("<\xff%\">") == "%3C%FF%25%22%3E");
  CHECK(HtmlEscaped("<a href='x'>&\"") == "&lt;a href=&#39;x&#39;&gt;&amp;&quot;");
}

}  // namespace gmmseg
