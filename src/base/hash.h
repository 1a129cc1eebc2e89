// A hash of bytes, to tell whether a file is still the same. Not for secrets.
#pragma once

#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>

namespace gmmseg {

// FNV-1a, 64 bit (Fowler, Noll, Vo), as "fnv1a64:" and 16 hexadecimal digits.
inline std::string ContentHash(std::span<const unsigned char> bytes) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const unsigned char byte : bytes) hash = (hash ^ byte) * 0x100000001b3u;
  char text[32];
  std::snprintf(text, sizeof text, "fnv1a64:%016llx", static_cast<unsigned long long>(hash));
  return text;
}

inline std::string ContentHash(std::string_view text) {
  return ContentHash(std::span(reinterpret_cast<const unsigned char*>(text.data()), text.size()));
}

}  // namespace gmmseg
