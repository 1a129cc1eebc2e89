#include <gmmseg/features.h>

#include "base/words.h"

namespace gmmseg {
namespace {

constexpr Word<ColorSpace> kWords[] = {
    {ColorSpace::kAuto, "auto"},   {ColorSpace::kGray, "gray"}, {ColorSpace::kRgb, "rgb"},
    {ColorSpace::kHsv, "hsv"},     {ColorSpace::kLab, "lab"},   {ColorSpace::kLuv, "luv"},
    {ColorSpace::kYCrCb, "ycrcb"}, {ColorSpace::kRaw, "raw"},
};

}  // namespace

std::string_view ToString(ColorSpace space) { return ToWord(space, kWords); }
ColorSpace ParseColorSpace(std::string_view word) { return FromWord(word, kWords, "colour space"); }

}  // namespace gmmseg
