// What a file format looks like to ReadImage, and what all formats share.
#pragma once

#include <gmmseg/errors.h>
#include <gmmseg/image_io.h>
#include <gmmseg/raster.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gmmseg {

inline constexpr int kMaxBands = 65535;  // of an image: TIFF counts samples in 16 bits

// What the values of a picture are to its reader.
enum class ValueMeaning {
  kColor,  // bits below 8 fill 8, and indices are the colours that they stand for
  kLabel,  // numbers, as they are stored
};

struct ImageSource {
  std::string path;                      // as the user gave it, for messages
  std::span<const unsigned char> bytes;  // from the file's start; all of them to read its picture
  std::int64_t file_size = static_cast<std::int64_t>(bytes.size());
  ValueMeaning meaning = ValueMeaning::kColor;

  bool StartsWith(std::string_view magic, std::size_t offset = 0) const;
};

struct ImageBackend {
  std::string_view formats;  // "JPEG, BMP, WebP"; empty for formats that no user gives
  std::array<std::string_view, 5> extensions;  // in small letters; empty behind the last
  // Nothing: the source is not of these formats. Throws IoError: it is, but cannot be read.
  std::optional<Raster> (*read)(const ImageSource& source);
  // The same, of the header alone. The source may hold but the file's first bytes; where they do
  // not reach, TruncatedImage is thrown.
  std::optional<ImageHeader> (*header)(const ImageSource& source);
};

std::optional<Raster> ReadNull(const ImageSource& source);
std::optional<Raster> ReadTiff(const ImageSource& source);
std::optional<Raster> ReadPng(const ImageSource& source);
std::optional<Raster> ReadPnm(const ImageSource& source);
std::optional<Raster> ReadDicom(const ImageSource& source);
std::optional<Raster> ReadNifti(const ImageSource& source);
std::optional<Raster> ReadWithOpenCv(const ImageSource& source);

std::optional<ImageHeader> ReadNullHeader(const ImageSource& source);
std::optional<ImageHeader> ReadTiffHeader(const ImageSource& source);
std::optional<ImageHeader> ReadPngHeader(const ImageSource& source);
std::optional<ImageHeader> ReadPnmHeader(const ImageSource& source);
std::optional<ImageHeader> ReadDicomHeader(const ImageSource& source);
std::optional<ImageHeader> ReadNiftiHeader(const ImageSource& source);
std::optional<ImageHeader> ReadOpenCvHeader(const ImageSource& source);

// What the builds with and without the NIfTI library read of it.
extern const std::string_view kNiftiFormats;

// The source ends too early.
class TruncatedImage : public IoError {
  using IoError::IoError;
};

// "photo.png: truncated PNG (`detail`); …" and the like, as TruncatedImage and as IoError.
[[noreturn]] void ThrowTruncated(const ImageSource& source, std::string_view format,
                                 const std::string& detail);
[[noreturn]] void ThrowDamaged(const ImageSource& source, std::string_view format,
                               const std::string& detail);

// Throws IoError where a dimension is < 1 or the pixels cannot come from so few bytes: a damaged
// header must not become an allocation. Allows what any codec can make of a flat image.
void CheckSize(const ImageSource& source, std::int64_t width, std::int64_t height,
               std::int64_t bytes_per_pixel);
// The most bytes that a decoder may make of the file.
std::int64_t MaxDecodedBytes(const ImageSource& source);

}  // namespace gmmseg
