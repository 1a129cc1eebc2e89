// Labels of a raster that is not held, kept in a file until they are final.
#pragma once

#include <gmmseg/block_reader.h>

#include <boost/filesystem/path.hpp>
#include <cstdint>
#include <span>
#include <vector>

#include "io/staged_file.h"

namespace gmmseg {

class LabelScratch {
 public:
  // Two bytes per pixel, in a file of a passing name within `folder` that nobody finds later.
  // Throws IoError as StagedFile does.
  LabelScratch(const boost::filesystem::path& folder, std::int64_t width);

  // Row-major. Throws IoError where the disk is full, or the file cannot be read again.
  void Write(const Window& window, std::span<const std::uint16_t> labels);
  // From any number of threads, of what has been written.
  std::vector<std::uint16_t> Read(const Window& window) const;

 private:
  std::int64_t OffsetOf(const Window& window, std::int64_t row) const;

  StagedFile file_;
  std::int64_t width_;
};

}  // namespace gmmseg
