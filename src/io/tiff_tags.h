// Tags that GDAL adds to TIFF, and that the readers of rasters expect.
#pragma once

#include <cstdint>

namespace gmmseg {

inline constexpr std::uint32_t kGdalMetadataTag = 42112;  // XML: names, scale and offset of bands
inline constexpr std::uint32_t kGdalNoDataTag = 42113;    // the value that means "no data", as text

}  // namespace gmmseg
