#include "io/png_file.h"

#include <gmmseg/errors.h>

#include <algorithm>
#include <csetjmp>
#include <cstdio>

namespace gmmseg {
namespace {

struct Format {
  int color_type, bit_depth;
};

Format FormatOf(PixelKind kind) {
  switch (kind) {
    case PixelKind::kIndex8:
      return {PNG_COLOR_TYPE_PALETTE, 8};
    case PixelKind::kGray8:
      return {PNG_COLOR_TYPE_GRAY, 8};
    case PixelKind::kGray16:
      return {PNG_COLOR_TYPE_GRAY, 16};
    case PixelKind::kRgb8:
      return {PNG_COLOR_TYPE_RGB, 8};
  }
  throw InternalError("a kind of pixel without a PNG format");
}

}  // namespace

PngFile::PngFile(const Picture& picture)
    : file_(picture.path),
      png_(png_create_write_struct(PNG_LIBPNG_VER_STRING, this, KeepError, IgnoreWarning)),
      info_(png_ ? png_create_info_struct(png_) : nullptr) {
  if (!info_) throw InternalError("libpng cannot start; check that its version fits its headers");
  png_set_write_fn(png_, &file_, PutBytes, nullptr);
  Guarded([&] { PutHeader(picture); });
  PutData(ZlibFrame::Header());
}

PngFile::~PngFile() { png_destroy_write_struct(&png_, &info_); }

void PngFile::Append(const DeflatedPart& part) {
  PutData(part.bytes);
  frame_.Append(part);
}

void PngFile::Finish() {
  PutData(frame_.Trailer());
  PutChunk("IEND", {});
  file_.Commit();
}

void PngFile::PutBytes(png_structp png, png_bytep data, std::size_t size) {
  if (!static_cast<StagedFile*>(png_get_io_ptr(png))->TryWrite(data, size))
    png_error(png, "write failed");
}

void PngFile::KeepError(png_structp png, png_const_charp message) {
  auto& error = static_cast<PngFile*>(png_get_error_ptr(png))->error_;
  std::snprintf(error, sizeof error, "%s", message);
  png_longjmp(png, 1);
}

template <typename Calls>
void PngFile::Guarded(const Calls& calls) {
  if (setjmp(png_jmpbuf(png_)) == 0) return calls();
  file_.ThrowIfFailed();
  throw InternalError(file_.target() + ": libpng refused to write it (" + error_ + ")");
}

void PngFile::PutHeader(const Picture& picture) {
  const Format format = FormatOf(picture.kind);
  png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_IHDR(png_, info_, static_cast<png_uint_32>(picture.width),
               static_cast<png_uint_32>(picture.height), format.bit_depth, format.color_type,
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
  if (picture.palette) SetPalette(*picture.palette);
  png_write_info(png_, info_);
}

void PngFile::SetPalette(const Palette& palette) {
  png_color colors[PNG_MAX_PALETTE_LENGTH];
  const int count = static_cast<int>(palette.colors.size());
  for (int i = 0; i < count; ++i)
    colors[i] = {palette.colors[i][0], palette.colors[i][1], palette.colors[i][2]};
  png_set_PLTE(png_, info_, colors, count);
  const png_byte clear = 0;
  if (palette.zero == ZeroIndex::kTransparent) png_set_tRNS(png_, info_, &clear, 1, nullptr);
}

void PngFile::PutData(std::span<const std::uint8_t> bytes) {
  constexpr std::size_t kMaxChunk = std::size_t{1} << 30;  // a chunk counts its bytes in 31 bits
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), kMaxChunk);
    PutChunk("IDAT", bytes.first(size));
    bytes = bytes.subspan(size);
  }
}

void PngFile::PutChunk(const char* name, std::span<const std::uint8_t> bytes) {
  Guarded([&] {
    png_write_chunk(png_, reinterpret_cast<png_const_bytep>(name), bytes.data(), bytes.size());
  });
}

}  // namespace gmmseg
