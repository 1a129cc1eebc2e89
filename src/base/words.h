// Enumerators and their words, in one table per enumeration.
#pragma once

#include <gmmseg/errors.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

// "<what> = 'word'; must be one of …".
class UnknownWord : public ParameterError {
 public:
  UnknownWord(std::string_view what, std::string_view word, std::vector<std::string_view> known)
      : ParameterError(Message(what, word, known)),
        what_(what),
        word_(word),
        known_(std::move(known)) {}

  const std::vector<std::string_view>& known() const { return known_; }

  // The same where one more word is known.
  UnknownWord Beside(std::string_view another) const {
    std::vector<std::string_view> known = known_;
    known.push_back(another);
    return {what_, word_, std::move(known)};
  }

 private:
  static std::string Message(std::string_view what, std::string_view word,
                             const std::vector<std::string_view>& known) {
    std::string list;
    for (const std::string_view each : known)
      list += (list.empty() ? "" : ", ") + std::string(each);
    return std::string(what) + " = '" + std::string(word) + "'; must be one of " + list;
  }

  std::string what_, word_;
  std::vector<std::string_view> known_;  // of tables that last
};

// Throws UnknownWord.
template <typename Enum, std::size_t N>
Enum FromWord(std::string_view word, const Word<Enum> (&words)[N], std::string_view what) {
  std::vector<std::string_view> known;
  for (const auto& entry : words) {
    if (entry.word == word) return entry.value;
    known.push_back(entry.word);
  }
  throw UnknownWord(what, word, std::move(known));
}

}  // namespace gmmseg
