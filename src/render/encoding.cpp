#include "render/encoding.h"

#include <gmmseg/errors.h>
#include <zlib.h>

#include <cctype>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <string_view>

namespace gmmseg {
namespace {

constexpr int kDeflateLevel = 4;
constexpr int kJpegQualities[] = {82, 65, 45, 25};

}  // namespace

std::string Base64(std::span<const std::uint8_t> bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    const std::uint32_t group =
        bytes[i] << 16 | (left > 1 ? bytes[i + 1] : 0) << 8 | (left > 2 ? bytes[i + 2] : 0);
    text += kDigits[group >> 18];
    text += kDigits[group >> 12 & 63];
    text += left > 1 ? kDigits[group >> 6 & 63] : '=';
    text += left > 2 ? kDigits[group & 63] : '=';
  }
  return text;
}

std::vector<std::uint8_t> Deflated(std::span<const std::uint8_t> bytes) {
  uLongf size = compressBound(bytes.size());
  std::vector<std::uint8_t> stream(size);
  if (compress2(stream.data(), &size, bytes.data(), bytes.size(), kDeflateLevel) != Z_OK)
    throw InternalError("zlib cannot compress " + std::to_string(bytes.size()) + " bytes");
  stream.resize(size);
  return stream;
}

std::vector<std::uint8_t> JpegOf(std::span<const Rgb> pixels, int width, int height,
                                 std::size_t most_bytes) {
  cv::Mat picture(height, width, CV_8UC3);
  for (std::size_t i = 0; i < pixels.size(); ++i)
    picture.at<cv::Vec3b>(static_cast<int>(i) / width, static_cast<int>(i) % width) = {
        pixels[i][2], pixels[i][1], pixels[i][0]};
  std::vector<std::uint8_t> bytes;
  for (const int quality : kJpegQualities) {
    if (!cv::imencode(".jpg", picture, bytes, {cv::IMWRITE_JPEG_QUALITY, quality}))
      throw InternalError("the preview cannot be encoded as a JPEG");
    if (bytes.size() <= most_bytes) break;
  }
  return bytes;
}

std::string UrlOf(const std::string& path) {
  constexpr std::string_view kPlain = "-._~/";
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string url;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte < 0x80 && std::isalnum(byte) != 0) || kPlain.find(c) != kPlain.npos;
    url += plain ? std::string(1, c) : std::string{'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return url;
}

std::string HtmlEscaped(const std::string& text) {
  constexpr std::string_view kSigns = "&<>\"'";
  constexpr std::string_view kEntities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
  std::string escaped;
  for (const char c : text) {
    const std::size_t which = kSigns.find(c);
    escaped += which == kSigns.npos ? std::string(1, c) : std::string(kEntities[which]);
  }
  return escaped;
}

}  // namespace gmmseg
