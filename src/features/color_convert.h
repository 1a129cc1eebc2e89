// From red, green and blue to the features of a colour space, a tile at a time.
#pragma once

#include <gmmseg/aligned_buffer.h>
#include <gmmseg/features.h>

#include <array>

#include "base/tile_loop.h"

namespace gmmseg {

// Three channels of one tile. Conversions always work on the whole tile, a rest that is not used
// included: a vector loop and its scalar tail may round differently, and a colour must give the
// same bits wherever it stands. Filled with zeros at first.
struct alignas(kAlignment) ColorTile {
  std::array<std::array<float, kTileSize>, 3> channels{};
};

// The transfer curve of sRGB (IEC 61966-2-1): linear light of an encoded value; 0 and 1 stay. Odd,
// so that values below 0 go on smoothly.
double Linearize(double encoded);

// In place: red, green, blue (1 = white; any finite value) become the features of `space`, in the
// user's units; gray leaves the others untouched. `space` is none of auto and raw. Lab and Luv are
// computed in double, so that their error is float's rounding and 1e30 does not overflow.
void ConvertColors(ColorSpace space, ColorTile& tile);

// Lab and Luv start from linear light, which integer images look up in a table.
inline bool StartsFromLinearLight(ColorSpace space) {
  return space == ColorSpace::kLab || space == ColorSpace::kLuv;
}

// The same from linear light in 0…1, in float arithmetic: 1e-4 from the exact values and several
// times faster. `space` is Lab or Luv.
void ConvertLinearLight(ColorSpace space, ColorTile& tile);

// The sRGB colour (0…1, clipped to it) of an L*a*b* colour.
std::array<double, 3> SrgbFromLab(double lightness, double a, double b);

}  // namespace gmmseg
