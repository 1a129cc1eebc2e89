// Values that stand for "no data".
#pragma once

#include <gmmseg/raster.h>

#include <optional>
#include <vector>

namespace gmmseg {

// Takes out what holds the bands' values for no data; those of bands without one stay. Grey and
// colour are no data where all bands hold theirs: in one of them it may be meant, as in pure red.
// Other bands stand for themselves.
void TakeOutNoData(Raster& raster, const std::vector<std::optional<double>>& no_data);

// NaN and infinity are no data; they leave the raster, so that nobody meets them again. A colour
// that lacks a channel is none; other bands stand for themselves.
void TakeOutNonFinite(Raster& raster);

}  // namespace gmmseg
