// The netpbm family, P1…P6, and its float cousin PFM. Read here rather than by OpenCV 4.6, which
// refuses a text file without a final newline, does not scale by the largest value, and prints.
#include <gmmseg/errors.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <vector>

#include "io/image_backend.h"
#include "io/interleaved.h"
#include "io/orientation.h"

namespace gmmseg {
namespace {

constexpr char kFormat[] = "PNM";

bool IsSpace(unsigned char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool IsDigit(unsigned char c) { return c >= '0' && c <= '9'; }

// Reads forward through the file: words and numbers between blanks and comments, then raw bytes.
class PnmText {
 public:
  explicit PnmText(const ImageSource& source) : source_(source) {}

  // The next word, which `belongs` to the last of its characters; at most `max_length` of them.
  template <typename Belongs>
  std::string_view Word(const Belongs& belongs, std::size_t max_length) {
    SkipBlanks();
    const std::size_t first = position_;
    while (position_ < source_.bytes.size() && position_ - first < max_length &&
           belongs(source_.bytes[position_]))
      ++position_;
    if (position_ == first && AtEnd())
      ThrowTruncated(source_, kFormat, "it ends in the middle of its numbers");
    return {reinterpret_cast<const char*>(source_.bytes.data()) + first, position_ - first};
  }

  template <typename Number>
  Number Parse(std::string_view word) const {
    Number value{};
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size() || word.empty())
      ThrowDamaged(source_, kFormat, "no number at byte " + std::to_string(position_));
    return value;
  }

  std::int64_t Integer(std::size_t max_length = 19) {
    return Parse<std::int64_t>(Word(IsDigit, max_length));
  }
  double Real() {
    return Parse<double>(Word([](unsigned char c) { return !IsSpace(c); }, 64));
  }

  bool AtEnd() const { return position_ == source_.bytes.size(); }

  // The pixels behind the one blank that ends the header.
  std::span<const unsigned char> Raw(std::int64_t count) {
    position_ = std::min(position_ + 1, source_.bytes.size());
    CheckLeft(count);
    return source_.bytes.subspan(position_, count);
  }

  void CheckLeft(std::int64_t count) const {
    const auto left = static_cast<std::int64_t>(source_.bytes.size() - position_);
    if (left < count)
      ThrowTruncated(
          source_, kFormat,
          "its pixels need " + std::to_string(count) + " bytes, it has " + std::to_string(left));
  }

 private:
  void SkipBlanks() {
    bool comment = false;
    for (; position_ < source_.bytes.size(); ++position_) {
      const unsigned char c = source_.bytes[position_];
      comment = c == '#' || (comment && c != '\n');
      if (!comment && !IsSpace(c)) return;
    }
  }

  const ImageSource& source_;
  std::size_t position_ = 2;  // behind the magic
};

struct PnmHeader {
  char kind;  // '1'…'6', 'f', 'F'
  std::int64_t width, height;
  int channels;
  double scale = 1;  // PFM: negative for little-endian
  std::int64_t max_value = 1;
  ValueMeaning meaning = ValueMeaning::kColor;

  bool IsFloat() const { return kind == 'f' || kind == 'F'; }
  SampleType Type() const {
    return IsFloat() ? SampleType::kFloat32
                     : (max_value > 255 ? SampleType::kUint16 : SampleType::kUint8);
  }
  std::int64_t NumValues() const { return width * height * channels; }
};

PnmHeader ReadHeader(PnmText& text, const ImageSource& source) {
  PnmHeader header{};
  header.kind = static_cast<char>(source.bytes[1]);
  header.meaning = source.meaning;
  header.width = text.Integer();
  header.height = text.Integer();
  const bool is_color = header.kind == '3' || header.kind == '6' || header.kind == 'F';
  const bool is_bits = header.kind == '1' || header.kind == '4';
  header.channels = is_color ? 3 : 1;
  CheckSize(source, header.width, header.height, header.channels * 4);
  if (header.IsFloat()) header.scale = text.Real();
  if (!is_bits && !header.IsFloat()) header.max_value = text.Integer();
  // The last number may go on behind the end.
  if (text.AtEnd()) ThrowTruncated(source, kFormat, "it ends in its header");
  if (header.max_value < 1 || header.max_value > 65535)
    ThrowDamaged(source, kFormat,
                 "largest value " + std::to_string(header.max_value) + "; must be 1 to 65535");
  if (header.scale == 0 || !std::isfinite(header.scale))
    ThrowDamaged(source, kFormat, "scale 0 or not finite");
  return header;
}

template <typename T, typename Next>
Raster Collect(const PnmHeader& header, const Next& next) {
  std::vector<T> values(header.NumValues());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = next(i);
  return ToRaster(InterleavedImage<T>{values.data(), header.width, header.height, header.channels,
                                      ChannelOrder::kRgb});
}

// Values above 8 bits stay as they are (12 bits in 16) and the largest is white; the few below fill
// 0…255, unless they are labels.
Raster CollectIntegers(const PnmHeader& header, const auto& next) {
  const std::int64_t max = header.max_value;
  if (header.Type() == SampleType::kUint16) {
    Raster raster = Collect<std::uint16_t>(
        header, [&](std::size_t i) { return static_cast<std::uint16_t>(next(i)); });
    raster.SetWhite(static_cast<double>(max));
    return raster;
  }
  const std::int64_t full = header.meaning == ValueMeaning::kColor ? 255 : max;
  return Collect<std::uint8_t>(header, [&](std::size_t i) {
    return static_cast<std::uint8_t>((std::min<std::int64_t>(next(i), max) * full + max / 2) / max);
  });
}

// A bit of 1 is black.
Raster ReadBits(PnmText& text, const PnmHeader& header) {
  const std::int64_t stride = (header.width + 7) / 8;
  const std::span<const unsigned char> raw = text.Raw(stride * header.height);
  return CollectIntegers(header, [&](std::size_t i) {
    const std::int64_t x = static_cast<std::int64_t>(i) % header.width;
    const std::int64_t y = static_cast<std::int64_t>(i) / header.width;
    return 1 - (raw[y * stride + x / 8] >> (7 - x % 8) & 1);
  });
}

Raster ReadBinary(PnmText& text, const PnmHeader& header) {
  if (header.Type() == SampleType::kUint8) {
    const std::span<const unsigned char> raw = text.Raw(header.NumValues());
    return CollectIntegers(header, [&](std::size_t i) { return raw[i]; });
  }
  const std::span<const unsigned char> raw = text.Raw(header.NumValues() * 2);
  return CollectIntegers(header, [&](std::size_t i) { return raw[2 * i] << 8 | raw[2 * i + 1]; });
}

// Digits of P1 need no blanks between them.
Raster ReadText(PnmText& text, const PnmHeader& header, const ImageSource& source) {
  text.CheckLeft(header.NumValues());
  const bool is_bits = header.kind == '1';
  return CollectIntegers(header, [&](std::size_t) {
    const std::int64_t value = text.Integer(is_bits ? 1 : 19);
    if (value > header.max_value)
      ThrowDamaged(source, kFormat, "value " + std::to_string(value) + " is above the largest");
    return is_bits ? 1 - value : value;
  });
}

Raster ReadFloats(PnmText& text, const PnmHeader& header) {
  const std::span<const unsigned char> raw = text.Raw(header.NumValues() * 4);
  const bool little = header.scale < 0;
  const float scale = static_cast<float>(std::abs(header.scale));
  Raster bottom_up = Collect<float>(header, [&](std::size_t i) {
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 4; ++j) bits = bits << 8 | raw[4 * i + (little ? 3 - j : j)];
    return std::bit_cast<float>(bits) * scale;
  });
  constexpr int kBottomUp = 4;
  return Upright(std::move(bottom_up), kBottomUp);
}

bool IsPnm(const ImageSource& source) {
  return source.bytes.size() >= 3 && source.bytes[0] == 'P' &&
         std::strchr("123456fF", source.bytes[1]) && source.bytes[1] != 0 &&
         (IsSpace(source.bytes[2]) || source.bytes[2] == '#');
}

}  // namespace

std::optional<Raster> ReadPnm(const ImageSource& source) {
  if (!IsPnm(source)) return std::nullopt;
  PnmText text(source);
  const PnmHeader header = ReadHeader(text, source);
  switch (header.kind) {
    case '4':
      return ReadBits(text, header);
    case '5':
    case '6':
      return ReadBinary(text, header);
    case 'f':
    case 'F':
      return ReadFloats(text, header);
    default:
      return ReadText(text, header, source);
  }
}

std::optional<ImageHeader> ReadPnmHeader(const ImageSource& source) {
  if (!IsPnm(source)) return std::nullopt;
  PnmText text(source);
  const PnmHeader header = ReadHeader(text, source);
  return HeaderOf(header.width, header.height, header.channels, header.Type());
}

}  // namespace gmmseg
