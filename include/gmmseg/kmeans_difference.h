// What a mixture makes of an image that k-means does not.
#pragma once

#include <gmmseg/segment.h>

#include <cstdint>
#include <optional>

namespace gmmseg {

// How many pixels k-means with as many classes on the same features, from starts of its own, labels
// differently than the mixture does, its classes matched one to one to the mixture's so that as few
// as possible differ. `options` are those that the segmentation was fitted by. Nothing where it is
// k-means itself, has fewer than two classes, or has pixels that lack values. Cost: that of the fit
// by k-means, and O(pixels).
std::optional<std::int64_t> KMeansDifference(const Segmentation& segmentation,
                                             const SegmentOptions& options);

}  // namespace gmmseg
