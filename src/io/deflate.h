// A zlib stream made of parts that are compressed apart from each other.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace gmmseg {

enum class StreamPart { kInner, kLast };

struct DeflatedPart {
  std::vector<std::uint8_t> bytes;
  std::int64_t raw_size;
  std::uint32_t adler;  // Adler-32 of the raw bytes
};

// Runs of one byte and Huffman codes, no other matches: made for differences between rows.
// Reference: RFC 1951; an inner part ends with an empty stored block, hence on a whole byte.
DeflatedPart DeflatePart(std::span<const std::uint8_t> raw, StreamPart place);

// What comes before the parts and after them (RFC 1950).
class ZlibFrame {
 public:
  static std::vector<std::uint8_t> Header();
  void Append(const DeflatedPart& part);
  std::vector<std::uint8_t> Trailer() const;  // of the parts appended

 private:
  std::uint32_t adler_ = 1;  // of no byte
};

}  // namespace gmmseg
