#include "cli/toml.h"

#include <gmmseg/errors.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <regex>

namespace gmmseg::cli {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

// What both a reader of TOML and our own options take as a number.
bool IsNumber(const std::string& word) {
  static const std::regex number(R"(-?(0|[1-9][0-9]{0,17})(\.[0-9]+)?([eE][-+]?[0-9]+)?)");
  return std::regex_match(word, number);
}

// The code point's bytes; the caller has made sure that it is one.
std::string Utf8(std::uint32_t code) {
  const auto tail = [code](int shift) {
    return static_cast<char>(0x80 | ((code >> shift) & 0x3F));
  };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xC0 | (code >> 6)), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xE0 | (code >> 12)), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | (code >> 18)), tail(12), tail(6), tail(0)};
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;  // a byte order mark
  }

  std::vector<TomlEntry> Entries() {
    std::vector<TomlEntry> entries;
    for (SkipLines(); !AtEnd(); SkipLines()) {
      entries.push_back(Entry());
      EndLine();
    }
    return entries;
  }

 private:
  [[noreturn]] void Fail(const std::string& what) const {
    throw ParameterError("line " + std::to_string(line_) + ": " + what);
  }

  bool AtEnd() const { return at_ >= text_.size(); }
  char Peek() const { return AtEnd() ? '\0' : text_[at_]; }
  char Next() {
    const char c = Peek();
    ++at_;
    if (c == '\n') ++line_;
    return c;
  }
  bool AtLineEnd() const { return AtEnd() || Peek() == '\n' || Peek() == '\r'; }

  std::string_view TakeUntil(std::string_view any_of) {
    const std::size_t end = std::min(text_.find_first_of(any_of, at_), text_.size());
    const std::string_view taken = text_.substr(at_, end - at_);
    at_ = end;
    return taken;
  }

  void SkipBlanks() {
    while (Peek() == ' ' || Peek() == '\t') Next();
    if (Peek() == '#') TakeUntil("\r\n");
  }
  void SkipLines() {
    for (SkipBlanks(); !AtEnd() && AtLineEnd(); SkipBlanks()) Next();
  }
  void EndLine() {
    SkipBlanks();
    if (!AtLineEnd())
      Fail("\"" + std::string(TakeUntil("\r\n")) + "\" follows a value; give one key per line");
  }

  TomlEntry Entry() {
    TomlEntry entry;
    entry.line = line_;
    if (Peek() == '[') Fail("a table; write every key at the top level, without [ ]");
    entry.key = TakeUntil(" \t\r\n=#\"'");
    SkipBlanks();
    if (entry.key.empty() || Peek() != '=') Fail("must be \"key = value\", as in: components = 4");
    Next();
    SkipBlanks();
    if (Peek() == '[')
      ReadList(entry);
    else
      entry.type = ReadWord(entry.words);
    return entry;
  }

  void ReadList(TomlEntry& entry) {
    entry.type = TomlType::kList;
    Next();
    for (SkipLines(); Peek() != ']'; SkipLines()) {
      if (AtEnd()) Fail("a list without its ]");
      ReadWord(entry.words);
      SkipLines();
      if (Peek() == ',')
        Next();
      else if (Peek() != ']')
        Fail("a list needs a comma or ] after each item");
    }
    Next();
  }

  TomlType ReadWord(std::vector<std::string>& words) {
    if (Peek() == '"' || Peek() == '\'') {
      words.push_back(Peek() == '"' ? BasicString() : LiteralString());
      return TomlType::kString;
    }
    std::string word(TakeUntil(" \t\r\n,]#"));
    if (word.empty()) Fail("a value is missing");
    words.push_back(word);
    if (word == "true" || word == "false") return TomlType::kBoolean;
    if (!IsNumber(NumberWithoutOrnament(words.back())))
      Fail(word + " is no number, true or false; write text in quotes: \"" + word + "\"");
    return TomlType::kNumber;
  }

  // "+1_000" is 1000.
  static const std::string& NumberWithoutOrnament(std::string& word) {
    if (word.front() == '+') word.erase(0, 1);
    std::erase(word, '_');
    return word;
  }

  std::string LiteralString() {
    Next();
    std::string text(TakeUntil("'\r\n"));
    if (Next() != '\'') Fail("a string without its closing '");
    return text;
  }

  std::string BasicString() {
    Next();
    std::string text;
    for (;;) {
      text += TakeUntil("\"\\\r\n");
      if (!AtLineEnd() && Next() == '"') return text;
      if (AtLineEnd()) Fail("a string without its closing \"");
      text += Escaped();
    }
  }

  std::string Escaped() {
    constexpr std::string_view kLetters = "btnfr\"\\";
    constexpr std::string_view kMeanings = "\b\t\n\f\r\"\\";
    const char letter = Next();
    if (letter == 'u') return Unicode(4);
    if (letter == 'U') return Unicode(8);
    const std::size_t which = kLetters.find(letter);
    if (which == std::string_view::npos)
      Fail(std::string("\"\\") + letter + "\" is no escape; write \\\\ for a backslash");
    return {kMeanings[which]};
  }

  std::string Unicode(std::size_t digits) {
    const std::string_view text = text_.substr(std::min(at_, text_.size()), digits);
    std::uint32_t code = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), code, 16);
    const bool surrogate = code >= 0xD800 && code < 0xE000;
    if (text.size() != digits || error != std::errc() || stop != text.data() + digits ||
        surrogate || code > 0x10FFFF)
      Fail("an escape \\u needs 4 hexadecimal digits of a character, \\U 8");
    at_ += digits;
    return Utf8(code);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
};

}  // namespace

std::vector<TomlEntry> ReadToml(std::string_view text) { return Reader(text).Entries(); }

std::string TomlValue(const std::string& word) {
  if (IsNumber(word)) return word;
  std::string quoted = "\"";
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      quoted += {'\\', c};
    else if (byte < 0x20 || byte == 0x7F)
      quoted += {'\\', 'u', '0', '0', kHexDigits[byte >> 4], kHexDigits[byte & 15]};
    else
      quoted += c;
  }
  return quoted + "\"";
}

}  // namespace gmmseg::cli
