#include <gmmseg/errors.h>
#include <gmmseg/features.h>

#include <algorithm>
#include <array>
#include <utility>

namespace gmmseg {
namespace {

constexpr std::array<std::pair<ColorSpace, std::string_view>, 8> kWords{{
    {ColorSpace::kAuto, "auto"},
    {ColorSpace::kGray, "gray"},
    {ColorSpace::kRgb, "rgb"},
    {ColorSpace::kHsv, "hsv"},
    {ColorSpace::kLab, "lab"},
    {ColorSpace::kLuv, "luv"},
    {ColorSpace::kYCrCb, "ycrcb"},
    {ColorSpace::kRaw, "raw"},
}};

std::string AllWords() {
  std::string words;
  for (const auto& [space, word] : kWords) words.append(words.empty() ? "" : ", ").append(word);
  return words;
}

}  // namespace

std::string_view ToString(ColorSpace space) {
  const auto found = std::ranges::find(kWords, space, &decltype(kWords)::value_type::first);
  if (found == kWords.end()) throw InternalError("a colour space without a word");
  return found->second;
}

ColorSpace ParseColorSpace(std::string_view word) {
  const auto found = std::ranges::find(kWords, word, &decltype(kWords)::value_type::second);
  if (found == kWords.end())
    throw ParameterError("colour space = \"" + std::string(word) + "\"; must be one of " +
                         AllWords());
  return found->first;
}

}  // namespace gmmseg
