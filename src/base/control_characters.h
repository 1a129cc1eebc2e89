// Characters that would move a terminal's cursor, or worse.
#pragma once

#include <cstddef>
#include <string_view>

namespace gmmseg {

// Bytes of the control character at text[at], in UTF-8: 1 of ASCII, 2 of Latin-1 (C2 80 to C2 9F);
// 0 where another character stands.
inline std::size_t ControlBytes(std::string_view text, std::size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x20 || byte == 0x7f) return 1;
  const bool latin = byte == 0xc2 && at + 1 < text.size();
  return latin && static_cast<unsigned char>(text[at + 1]) < 0xa0 ? 2 : 0;
}

}  // namespace gmmseg
