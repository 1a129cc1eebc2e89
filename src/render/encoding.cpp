#include "render/encoding.h"

#include <gmmseg/errors.h>
#include <zlib.h>

#include <algorithm>
#include <cctype>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <optional>
#include <string_view>

namespace gmmseg {
namespace {

constexpr int kDeflateLevel = 4;
constexpr int kJpegQualities[] = {82, 65, 45, 25};

// Of the UTF-8 character that begins here, by its first byte (RFC 3629); 0 where none begins.
std::size_t Utf8Length(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

// The code point of so many bytes, or nothing where they are none of the shortest form.
std::optional<char32_t> CodePoint(std::string_view bytes) {
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const auto first = static_cast<unsigned char>(bytes.front());
  if (bytes.size() == 1) return first;
  char32_t code = first & (0x7fu >> bytes.size());
  for (const char c : bytes.substr(1)) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) != 0x80) return std::nullopt;
    code = code << 6 | (byte & 0x3f);
  }
  return code < kLeast[bytes.size()] ? std::nullopt : std::optional(code);
}

bool IsXmlCharacter(char32_t code) {
  if (code < 0x20) return code == '\t' || code == '\n' || code == '\r';
  return code < 0xd800 || (code >= 0xe000 && code < 0xfffe) || (code >= 0x10000 && code < 0x110000);
}

// Bytes of the character that begins at `at`, if it is one that XML has; else 0.
std::size_t XmlLength(std::string_view text, std::size_t at) {
  const std::size_t length = Utf8Length(static_cast<unsigned char>(text[at]));
  if (length == 0 || at + length > text.size()) return 0;
  const std::optional<char32_t> code = CodePoint(text.substr(at, length));
  return code && IsXmlCharacter(*code) ? length : 0;
}

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

std::string XmlEscaped(const std::string& text) {
  std::string valid;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = XmlLength(text, at);
    valid += length > 0 ? text.substr(at, length) : "\ufffd";
    at += std::max<std::size_t>(length, 1);
  }
  return HtmlEscaped(valid);
}

}  // namespace gmmseg
