// Enumerators and their words, in one table per enumeration.
#pragma once

#include <gmmseg/errors.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace gmmseg {

template <typename Enum>
struct Word {
  Enum value;
  std::string_view word;
};

template <typename Enum, std::size_t N>
std::string_view ToWord(Enum value, const Word<Enum> (&words)[N]) {
  for (const auto& entry : words)
    if (entry.value == value) return entry.word;
  throw InternalError("an enumerator without a word");
}

// Throws ParameterError "<what> = 'word'; must be one of …".
template <typename Enum, std::size_t N>
Enum FromWord(std::string_view word, const Word<Enum> (&words)[N], std::string_view what) {
  std::string known;
  for (const auto& entry : words) {
    if (entry.word == word) return entry.value;
    known += (known.empty() ? "" : ", ") + std::string(entry.word);
  }
  throw ParameterError(std::string(what) + " = '" + std::string(word) + "'; must be one of " +
                       known);
}

}  // namespace gmmseg
