// One PNG file on its way to disk: libpng for the chunks, pixels as parts of a zlib stream.
#pragma once

#include <png.h>

#include <cstdint>
#include <span>

#include "io/deflate.h"
#include "io/staged_file.h"
#include "io/write_pictures.h"

namespace gmmseg {

// libpng leaves its functions by longjmp when something is wrong: what Guarded runs holds nothing
// that would need a destructor.
class PngFile {
 public:
  explicit PngFile(const Picture& picture);
  ~PngFile();
  PngFile(const PngFile&) = delete;
  PngFile& operator=(const PngFile&) = delete;

  // The next filtered rows; the last call brings the picture's StreamPart::kLast.
  void Append(const DeflatedPart& part);
  // The file appears under its name.
  void Finish();

 private:
  static void PutBytes(png_structp png, png_bytep data, std::size_t size);
  static void KeepError(png_structp png, png_const_charp message);
  static void IgnoreWarning(png_structp, png_const_charp) {}

  template <typename Calls>
  void Guarded(const Calls& calls);
  void PutHeader(const Picture& picture);
  void SetPalette(const Palette& palette);
  void PutData(std::span<const std::uint8_t> bytes);
  void PutChunk(const char* name, std::span<const std::uint8_t> bytes);

  StagedFile file_;
  png_structp png_;
  png_infop info_;
  ZlibFrame frame_;
  char error_[128] = "";
};

}  // namespace gmmseg
