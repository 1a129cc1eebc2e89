// Labels of a raster that is not held, kept in a file until they are final.
#pragma once

#include <gmmseg/block_reader.h>
#include <gmmseg/ranks.h>

#include <boost/filesystem/path.hpp>
#include <cstdint>
#include <span>
#include <vector>

#include "io/file_descriptor.h"
#include "stream/cells.h"

namespace gmmseg {

class LabelScratch {
 public:
  // Two bytes per pixel, in a file within `folder` that is gone with this object; of ranks, one
  // file for all, of which each writes whole cells. Throws IoError where it cannot be made.
  LabelScratch(const boost::filesystem::path& folder, const CellReader& cells,
               Ranks* ranks = nullptr);
  ~LabelScratch();
  LabelScratch(const LabelScratch&) = delete;
  LabelScratch& operator=(const LabelScratch&) = delete;

  // Row by row of the cell. Throws IoError where the disk is full, or the file cannot be read
  // again.
  void Write(std::int64_t cell, std::span<const std::uint16_t> labels);
  // Everybody has written: from now on, all of it may be read.
  void Settle();
  // Row-major, from any number of threads.
  std::vector<std::uint16_t> Read(const Window& window) const;

 private:
  void Open(int flags);
  boost::filesystem::path path_;
  FileDescriptor file_;
  const CellReader& cells_;
  Ranks* ranks_;
};

}  // namespace gmmseg
