// How strongly neighbours are coupled in an image that is not held, found part by part.
#pragma once

#include <gmmseg/ranks.h>
#include <gmmseg/segment.h>

#include <cstdint>
#include <vector>

#include "base/tree_sum.h"
#include "spatial/mean_field.h"

namespace gmmseg {

// Whether something is left to the whole image to tell.
bool NeedsPottsStrength(const SmoothOptions& options);

// What SmoothOptions leaves to the image with kPotts: contrast, temper and beta. Parts tile the
// image; pairs of pixels across their borders count in none of them, and each part is worth as many
// independent pixels as it is by itself. Beta is found from at most 2^15 pixels, those of the
// lowest hashes: each has the same chance.
class PottsStrength {
 public:
  // Of M classes, with options that Validate has passed.
  PottsStrength(const SmoothOptions& options, int num_classes)
      : options_(options), num_classes_(num_classes) {}

  struct HashedPixel {
    std::uint64_t hash;
    LabelledPairs pairs;
  };
  struct Sums {
    double sum_of_squares = 0, num_pairs = 0;
    double num_effective = 0, num_valid = 0;  // pixels

    Sums& operator+=(const Sums& other);
  };
  // What a part adds; at most 2 MiB.
  struct Part {
    Sums sums;
    std::vector<HashedPixel> pixels;
  };
  // Of a part and its labels, which are not smoothed; `identity` makes the pixels of different
  // parts different. From any number of threads. Cost: a pass over the pixels, and those of
  // EffectiveSamples where temper is not given.
  Part Look(const Raster& raster, const Segmentation& segmentation, std::uint64_t identity) const;
  // Parts by their places, each once, in any order.
  void Add(Part part, std::int64_t place);
  // What all ranks have added, on all of them.
  void Unite(Ranks& ranks);

  // The options with all that was not given, and tolerance 0: with them no pixel depends on others
  // further away than SmoothReach. Of other methods than kPotts: as they are.
  SmoothOptions Settle() const;

 private:
  SmoothOptions options_;
  int num_classes_;
  TreeSum<Sums> sums_;
  std::vector<HashedPixel> pixels_;
};

}  // namespace gmmseg
