// The colours that regions are found by.
#pragma once

#include <gmmseg/raster.h>

#include "raster/plane.h"

namespace gmmseg {

// CIE L*a*b* of colour and grey of integers; those of 16 bits by their own white. Else the first 6
// principal components of the standardised bands, scaled so that all together vary as much as a
// photograph's L*a*b*: a standard deviation of 25. The first plane is the lightness, or what comes
// nearest to it.
PlaneStack ColorPlanesOf(const Raster& raster);

}  // namespace gmmseg
