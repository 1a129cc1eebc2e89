#include "io/deflate.h"

#include <gmmseg/errors.h>
#include <zlib.h>

#include <algorithm>
#include <new>
#include <string>

namespace gmmseg {
namespace {

constexpr int kWindowBits = 15;
constexpr int kMemoryLevel = 8;  // zlib's default
constexpr int kLevel = 1;        // fast, says the header; runs are found at any level

// zlib's state for one part, as a bare deflate stream without a frame.
class Deflater {
 public:
  Deflater() {
    Check(deflateInit2(&stream_, kLevel, Z_DEFLATED, -kWindowBits, kMemoryLevel, Z_RLE));
  }
  ~Deflater() { deflateEnd(&stream_); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  std::vector<std::uint8_t> Compress(std::span<const std::uint8_t> raw, int flush) {
    // Room for the empty block behind what zlib promises of a single call.
    constexpr uLong kEmptyBlock = 16;
    std::vector<std::uint8_t> out(deflateBound(&stream_, raw.size()) + kEmptyBlock);
    stream_.next_in = const_cast<Bytef*>(raw.data());
    stream_.next_out = out.data();
    // zlib counts the bytes of one call in 32 bits.
    constexpr std::size_t kMostAtOnce = std::size_t{1} << 30;
    std::size_t left = raw.size();
    do {
      stream_.avail_in = static_cast<uInt>(std::min(left, kMostAtOnce));
      stream_.avail_out = static_cast<uInt>(std::min(out.size() - stream_.total_out, kMostAtOnce));
      Check(deflate(&stream_, left <= kMostAtOnce ? flush : Z_NO_FLUSH));
      left = raw.size() - stream_.total_in;
    } while (left > 0 || stream_.avail_out == 0);
    out.resize(stream_.total_out);
    return out;
  }

 private:
  static void Check(int status) {
    if (status == Z_MEM_ERROR) throw std::bad_alloc();
    if (status != Z_OK && status != Z_STREAM_END)
      throw InternalError("zlib failed with code " + std::to_string(status));
  }

  z_stream stream_{};
};

}  // namespace

DeflatedPart DeflatePart(std::span<const std::uint8_t> raw, StreamPart place) {
  const int flush = place == StreamPart::kLast ? Z_FINISH : Z_SYNC_FLUSH;
  const uLong adler = adler32_z(1, raw.data(), raw.size());
  return {Deflater().Compress(raw, flush), std::ssize(raw), static_cast<std::uint32_t>(adler)};
}

std::vector<std::uint8_t> ZlibFrame::Header() {
  constexpr int kMethod = Z_DEFLATED | (kWindowBits - 8) << 4;
  constexpr int kFastest = 0;  // the level's two bits
  constexpr int kCheck = 31 - (kMethod << 8 | kFastest << 6) % 31;
  return {kMethod, kFastest << 6 | kCheck};
}

void ZlibFrame::Append(const DeflatedPart& part) {
  adler_ = static_cast<std::uint32_t>(adler32_combine(adler_, part.adler, part.raw_size));
}

std::vector<std::uint8_t> ZlibFrame::Trailer() const {
  std::vector<std::uint8_t> bytes;
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<std::uint8_t>(adler_ >> shift));
  return bytes;
}

}  // namespace gmmseg
