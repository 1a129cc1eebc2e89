// Watershed from markers.
#pragma once

#include <cstdint>
#include <vector>

#include "raster/plane.h"

namespace gmmseg {

// One marker, 1, 2, …, at the centre of each cell of a grid of about `count` square cells; 0 else
// and where there is no data.
std::vector<std::uint32_t> GridMarkers(const Plane& weight, std::int64_t count);

// Floods the relief from the markers, over the 4 neighbours and pixels of weight > 0 alone: each
// pixel takes the label of the flood that reaches it first, lower pixels before higher, earlier
// ones before later ones. Then each connected piece that no flood reached becomes a label of its
// own, above all markers and above num_labels. `labels` holds the markers (> 0) and becomes the
// labels, 0 where there is no data. Returns the largest label. Levels are 4096 steps of the
// relief's range. One thread; cost linear in pixels. Reference: Beucher and Meyer (1993), "The
// morphological approach to segmentation", without lines between the basins.
std::uint32_t Flood(const Plane& relief, const Plane& weight, std::vector<std::uint32_t>& labels,
                    std::uint32_t num_labels = 0);

// Leaves each label its largest piece of 4-neighbours alone, of equals the first; the pixels of its
// other pieces become 0.
void KeepLargestPieces(const Plane& grid, std::vector<std::uint32_t>& labels);

}  // namespace gmmseg
