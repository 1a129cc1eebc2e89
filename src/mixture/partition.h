// Partitions of points into clusters. A partition is one cluster index (0…) per point.
#pragma once

#include <cstdint>
#include <vector>

#include "mixture/whiten.h"

namespace gmmseg {

// k-means++ seeding (Arthur, Vassilvitskii 2007), then Lloyd's iterations until no point moves, at
// most 25. May find fewer clusters where there are fewer distinct points. Cost O(N·K·D) per
// iteration.
std::vector<int> KMeansPartition(const ClusterPoints& points, int num_clusters, std::uint64_t seed,
                                 std::uint64_t stream);

// Ward's minimum-variance clustering (Ward 1963) cut at num_clusters, by the nearest-neighbour
// chain (Murtagh 1983). Cost O(N²·D) time, O(N·D) memory.
std::vector<int> WardPartition(const ClusterPoints& points, int num_clusters);

}  // namespace gmmseg
