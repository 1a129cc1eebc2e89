#include "io/jpeg_markers.h"

#include <cstring>

namespace gmmseg {
namespace {

constexpr char kFormat[] = "JPEG";

// Marker codes of ITU-T T.81, table B.1.
constexpr int kTemporary = 0x01, kFirstFrame = 0xC0, kHuffman = 0xC4, kExtension = 0xC8,
              kArithmetic = 0xCC, kLastFrame = 0xCF, kFirstRestart = 0xD0, kLastRestart = 0xD7,
              kEndOfImage = 0xD9, kStartOfScan = 0xDA, kApp1 = 0xE1;

bool IsFrame(int marker) {
  return marker >= kFirstFrame && marker <= kLastFrame && marker != kHuffman &&
         marker != kExtension && marker != kArithmetic;
}

class MarkerWalk {
 public:
  explicit MarkerWalk(const ImageSource& source) : source_(source) {}

  // The next marker that begins or ends a segment; steps over entropy-coded data.
  int NextMarker() {
    while (FindMarkerByte()) {
      const int code = source_.bytes[position_ + 1];
      const bool is_data = code == 0 || code == 0xFF || code == kTemporary ||
                           (code >= kFirstRestart && code <= kLastRestart);
      position_ += is_data ? 1 : 2;
      if (!is_data) return code;
    }
    ThrowTruncated(source_, kFormat, "no end-of-image marker");
  }

  std::span<const unsigned char> Segment() {
    if (position_ + 2 > source_.bytes.size())
      ThrowTruncated(source_, kFormat, "it ends in a segment");
    const std::size_t length = source_.bytes[position_] << 8 | source_.bytes[position_ + 1];
    if (length < 2) ThrowDamaged(source_, kFormat, "a segment of length " + std::to_string(length));
    if (length > source_.bytes.size() - position_)
      ThrowTruncated(source_, kFormat, "it ends in a segment");
    const auto segment = source_.bytes.subspan(position_ + 2, length - 2);
    position_ += length;
    return segment;
  }

 private:
  // Moves on to the next 0xFF that has a byte behind it; false where there is none. Nearly all
  // bytes are data, hence memchr.
  bool FindMarkerByte() {
    if (position_ + 1 >= source_.bytes.size()) return false;
    const std::span<const unsigned char> left = source_.bytes.subspan(position_);
    const auto* const found =
        static_cast<const unsigned char*>(std::memchr(left.data(), 0xFF, left.size() - 1));
    if (found) position_ += found - left.data();
    return found != nullptr;
  }

  const ImageSource& source_;
  std::size_t position_ = 2;  // behind the start-of-image marker
};

void TakeFrame(const ImageSource& source, std::span<const unsigned char> segment,
               JpegFacts& facts) {
  if (segment.size() < 6) ThrowDamaged(source, kFormat, "a frame header that is too short");
  facts.height = segment[1] << 8 | segment[2];
  facts.width = segment[3] << 8 | segment[4];
  facts.num_channels = segment[5];
  CheckSize(source, facts.width, facts.height, facts.num_channels);
}

void TakeExif(std::span<const unsigned char> segment, JpegFacts& facts) {
  constexpr std::string_view kMagic("Exif\0\0", 6);
  const ImageSource content{{}, segment};
  if (facts.exif.empty() && content.StartsWith(kMagic)) facts.exif = segment.subspan(kMagic.size());
}

}  // namespace

JpegFacts WalkJpeg(const ImageSource& source, JpegPart part) {
  JpegFacts facts;
  bool has_scan = false;
  MarkerWalk walk(source);
  for (int marker = walk.NextMarker(); marker != kEndOfImage; marker = walk.NextMarker()) {
    if (marker < kFirstFrame)
      ThrowDamaged(source, kFormat, "unknown marker " + std::to_string(marker));
    const std::span<const unsigned char> segment = walk.Segment();
    if (IsFrame(marker)) TakeFrame(source, segment, facts);
    if (IsFrame(marker) && part == JpegPart::kHeader) return facts;
    if (marker == kApp1) TakeExif(segment, facts);
    has_scan |= marker == kStartOfScan;
  }
  if (facts.width == 0 || !has_scan) ThrowDamaged(source, kFormat, "it holds no picture");
  return facts;
}

}  // namespace gmmseg
