// Merging regions by what they hold and by what lies between them.
#pragma once

#include <gmmseg/region_hierarchy.h>

#include "spatial/region_graph.h"

namespace gmmseg {

// What merging regions of sizes a and c costs, with N the sum of all sizes, h₁ and h₂ the means of
// their memberships, P₁ and P₂ their perimeters (without the picture's border), and `length` and b̄
// the length and the mean strength of the border between them:
//
//   (2ac / ((a+c)N))^size · (J + unlike) · (b̄ + weak)^strength · (min(P₁, P₂) / length)^shape
//
// J = [w·KL(h₁‖m) + (1-w)·KL(h₂‖m)] / (4w(1-w)), w = a / (a+c), m = w·h₁ + (1-w)·h₂, natural
// logarithm: the Jensen-Shannon divergence, kept from falling for unequal sizes.
struct MergeCost {
  double size = 0.2;
  double unlike = 0.08;
  double weak = 0.0002, strength = 2;
  double shape = 0.35;
};

// Merges the cheapest pair of neighbours first, until none is left. A height is the cost, or that
// of an earlier merge if that was larger, over the last height to the power of `relative`: 0 leaves
// costs as they are, 1 measures every picture by its own strongest border. Deterministic; one
// thread. Cost: O(B log B) heap operations for B borders, K logarithms each.
RegionHierarchy MergeRegions(const RegionGraph& graph, const MergeCost& cost = {},
                             double relative = 0.25);

}  // namespace gmmseg
