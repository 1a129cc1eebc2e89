// A zlib stream made of parts that are compressed apart from each other.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace gmmseg {

// What zlib is told of the data: filtered rows are mostly small values, somewhat random.
enum class DeflateStrategy { kPlain, kFiltered };
enum class StreamPart { kInner, kLast };

struct DeflatedPart {
  std::vector<std::uint8_t> bytes;
  std::int64_t raw_size;
  std::uint32_t adler;  // Adler-32 of the raw bytes
};

// Matches do not reach back beyond the part's begin. Reference: RFC 1951; an inner part ends with
// an empty stored block, hence on a whole byte.
DeflatedPart DeflatePart(std::span<const std::uint8_t> raw, int level, DeflateStrategy strategy,
                         StreamPart place);

// What comes before the parts and after them (RFC 1950).
class ZlibFrame {
 public:
  static std::vector<std::uint8_t> Header(int level);
  void Append(const DeflatedPart& part);
  std::vector<std::uint8_t> Trailer() const;  // of the parts appended

 private:
  std::uint32_t adler_ = 1;  // of no byte
};

}  // namespace gmmseg
