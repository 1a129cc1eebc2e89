// A hash of bytes, to tell whether a file is still the same. Not for secrets.
#pragma once

#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>

namespace gmmseg {

// FNV-1a, 64 bit (Fowler, Noll, Vo), of bytes that come one part after another.
class StreamHash {
 public:
  void Add(std::span<const unsigned char> bytes) {
    for (const unsigned char byte : bytes) hash_ = (hash_ ^ byte) * 0x100000001b3u;
  }
  std::uint64_t value() const { return hash_; }
  // "fnv1a64:" and 16 hexadecimal digits.
  std::string Text() const {
    char text[32];
    std::snprintf(text, sizeof text, "fnv1a64:%016llx", static_cast<unsigned long long>(hash_));
    return text;
  }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325u;
};

inline std::string ContentHash(std::span<const unsigned char> bytes) {
  StreamHash hash;
  hash.Add(bytes);
  return hash.Text();
}

inline std::string ContentHash(std::string_view text) {
  return ContentHash(std::span(reinterpret_cast<const unsigned char*>(text.data()), text.size()));
}

}  // namespace gmmseg
