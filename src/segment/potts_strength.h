// How strongly neighbours are coupled in an image that is not held, found part by part.
#pragma once

#include <gmmseg/segment.h>

#include <cstdint>
#include <vector>

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
  // What a part adds; at most 2 MiB.
  struct Part {
    double sum_of_squares = 0, num_pairs = 0;
    double num_effective = 0, num_valid = 0;  // pixels
    std::vector<HashedPixel> pixels;
  };
  // Of a part and its labels, which are not smoothed; `identity` makes the pixels of different
  // parts different. From any number of threads. Cost: a pass over the pixels, and those of
  // EffectiveSamples where temper is not given.
  Part Look(const Raster& raster, const Segmentation& segmentation, std::uint64_t identity) const;
  // The same sums for the same order.
  void Add(Part part);

  // The options with all that was not given, and tolerance 0: with them no pixel depends on others
  // further away than SmoothReach. Of other methods than kPotts: as they are.
  SmoothOptions Settle() const;

 private:
  SmoothOptions options_;
  int num_classes_;
  Part all_;
};

}  // namespace gmmseg
