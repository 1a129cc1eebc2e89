#include <gmmseg/errors.h>
#include <gmmseg/features.h>

#include <string>
#include <tuple>

#include "base/words.h"

namespace gmmseg {
namespace {

constexpr Word<ColorSpace> kWords[] = {
    {ColorSpace::kAuto, "auto"},   {ColorSpace::kGray, "gray"}, {ColorSpace::kRgb, "rgb"},
    {ColorSpace::kHsv, "hsv"},     {ColorSpace::kLab, "lab"},   {ColorSpace::kLuv, "luv"},
    {ColorSpace::kYCrCb, "ycrcb"}, {ColorSpace::kRaw, "raw"},
};
constexpr Word<Texture> kTextureWords[] = {{Texture::kOff, "off"}, {Texture::kOn, "on"}};

constexpr Word<BandScale> kScaleWords[] = {{BandScale::kLinear, "linear"},
                                           {BandScale::kLog, "log"}};

constexpr std::string_view kTextureWord = "texture";

}  // namespace

std::string_view ToString(ColorSpace space) { return ToWord(space, kWords); }
ColorSpace ParseColorSpace(std::string_view word) { return FromWord(word, kWords, "colour space"); }

std::string_view ToString(Texture texture) { return ToWord(texture, kTextureWords); }
Texture ParseTexture(std::string_view word) { return FromWord(word, kTextureWords, "texture"); }

std::string_view ToString(BandScale scale) { return ToWord(scale, kScaleWords); }
BandScale ParseBandScale(std::string_view word) { return FromWord(word, kScaleWords, "scale"); }

bool FeatureSpec::operator==(const FeatureSpec& other) const {
  const auto asked = [](const FeatureSpec& spec) {
    return std::make_tuple(spec.IsOfBands() ? ColorSpace::kRaw : spec.color, spec.position_weight,
                           spec.missing, spec.texture, spec.scale, spec.num_principal);
  };
  return asked(*this) == asked(other);
}

std::string FeatureWords(const FeatureSpec& spec) {
  if (spec.IsOfBands()) {
    std::string words(ToString(ColorSpace::kRaw));
    if (spec.scale == BandScale::kLog) words += ",log";
    if (spec.num_principal > 0) words += ",pca:" + std::to_string(spec.num_principal);
    return words;
  }
  if (spec.texture == Texture::kOff) return std::string(ToString(spec.color));
  if (spec.color == ColorSpace::kAuto) return std::string(kTextureWord);
  std::string words(ToString(spec.color));
  return words.append(",").append(kTextureWord);
}

FeatureSpec ParseFeatures(std::string_view words) {
  FeatureSpec spec;
  const std::size_t comma = words.find(',');
  const std::string_view first = words.substr(0, comma);
  if (first == kTextureWord)
    spec.texture = Texture::kOn;
  else
    spec.color = ParseColorSpace(first);
  if (comma == std::string_view::npos) return spec;
  const std::string_view second = words.substr(comma + 1);
  if (second != kTextureWord || spec.texture == Texture::kOn)
    throw ParameterError("features \"" + std::string(words) +
                         "\"; give one colour space, texture, or both: lab,texture");
  spec.texture = Texture::kOn;
  return spec;
}

}  // namespace gmmseg
