// Bytes as a web page takes them.
#pragma once

#include <gmmseg/class_table.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace gmmseg {

// RFC 4648, with padding.
std::string Base64(std::span<const std::uint8_t> bytes);

// A zlib stream (RFC 1950).
std::vector<std::uint8_t> Deflated(std::span<const std::uint8_t> bytes);

// A JPEG of width x height pixels, the coarser the more of its `most_bytes` it would exceed; at
// the coarsest, which 320 x 320 pixels of noise take to 24,000 bytes, it may exceed them.
std::vector<std::uint8_t> JpegOf(std::span<const Rgb> pixels, int width, int height,
                                 std::size_t most_bytes);

// A path as a relative URL: every byte that is not plain in one is percent-encoded (RFC 3986).
std::string UrlOf(const std::string& path);

// For HTML's text and quoted attributes.
std::string HtmlEscaped(const std::string& text);

// For XML's: the same, with U+FFFD in place of every byte that is no UTF-8 and of every character
// that XML has not (its first edition's rule 2).
std::string XmlEscaped(const std::string& text);

}  // namespace gmmseg
