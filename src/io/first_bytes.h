// What stands at the front of a file, of which as little is read as tells it.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "io/file_bytes.h"
#include "io/image_backend.h"

namespace gmmseg {

// ask(source) of the file's first bytes, of more of them where it throws TruncatedImage. Throws as
// PeekedFile does.
template <typename Ask>
auto AskFirstBytes(const std::string& path, const Ask& ask) {
  // Enough for nearly all; profiles and thumbnails before the picture may take more.
  constexpr std::int64_t kFirst = 1 << 16, kMost = 1 << 24, kGrowth = 16;
  const PeekedFile file(path, "an image file");
  for (std::int64_t size = kFirst;; size *= kGrowth) {
    const std::vector<unsigned char> bytes = file.First(std::min(size, file.size()));
    try {
      return ask(ImageSource{path, bytes, file.size()});
    } catch (const TruncatedImage&) {
      if (size >= std::min(kMost, file.size())) throw;
    }
  }
}

}  // namespace gmmseg
