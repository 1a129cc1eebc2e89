// Whether several images show the same pixels.
#pragma once

#include <gmmseg/georeference.h>

#include <cstdint>
#include <string>

namespace gmmseg {

// What a file says of its pixels' grid, whatever part of it is taken.
struct GridFacts {
  std::int64_t width = 0, height = 0;
  Georeference georeference;
};

// Throws IoError naming the channel where it is of another size, has another reference system, or
// lies more than a thousandth of a pixel away; of what is not known of both nothing is said.
void CheckSameGrid(const std::string& path, const GridFacts& own, const std::string& channel,
                   const GridFacts& other);

}  // namespace gmmseg
