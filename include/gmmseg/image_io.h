// Reading images, and writing masks and pictures. Formats are told by content first, by extension
// second. Every function throws IoError naming the file, what is wrong with it and what to do; a
// written file appears whole or not at all.
#pragma once

#include <gmmseg/block_reader.h>
#include <gmmseg/class_table.h>
#include <gmmseg/raster.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace gmmseg {

// Reads PNG (libpng), JPEG, BMP, WebP (OpenCV), PNM, PFM, and plain TIFF of any band count
// (libtiff; the first full-size picture of the file). 8- and 16-bit integers and 32-bit float keep
// their depth, fewer bits fill 8, 9 to 15 bits stay as they are and set Raster::white() (PNM's
// largest value too), other types become float; EXIF orientation is applied; alpha 0, NaN, infinity
// and GDAL's nodata value become "no data"; colours come as R, G, B. Whatever else GDAL opens, and
// TIFF that lies on the earth, is read through it, where this build has it: any type of numbers,
// scale and offset applied, masks and alpha taken as validity; the raster knows where it lies.
// NIfTI and ANALYZE volumes, "scan.nii.gz" or "scan.hdr" and "scan.img", need the NIfTI library:
// a fourth dimension becomes bands, integers that fit into 16 bits without sign stay integers,
// slope and intercept are applied, and the raster knows where its voxels lie.
// DICOM is read through GDCM where this build has it: frames are slices, slope and intercept are
// applied, MONOCHROME1 is mirrored, so that high is bright, padding is no data; the raster knows
// where its voxels lie. A folder of slices of one series is one image, in the order of their
// places. "null:WxHxB[:u8|u16|f32]" makes an image of that size without a file, for tests and
// benchmarks.
Raster ReadImage(const std::string& path);

struct LoadedImage {
  Raster raster;
  // Of the file's bytes, or of all files that GDAL reads it from: "fnv1a64:" and 16 hexadecimal
  // digits; "" for "null:…".
  std::string hash;
  std::vector<std::string> warnings = {};  // what is doubtful about it: a sentence each
};

// What is taken of an image, and with it.
struct ReadOptions {
  std::vector<std::string> channels;  // more images of the same grid, whose bands follow
  std::vector<int> bands;  // of all these, from 1, in this order, each once; empty: all of them
  std::optional<Window> extent;  // pixels; the whole image where it is not given

  bool IsDefault() const { return *this == ReadOptions(); }
  bool operator==(const ReadOptions&) const = default;
};

// ReadImage and the content's hash from one reading of the file, which so may be a pipe. With
// options the hash is of all files and of what is taken of them. Bands of several images, and those
// that are chosen, are no colours any more, unless they are the image's own. Throws IoError where
// channels are of another size or lie elsewhere on the earth, and where a band or a part of the
// extent is not there.
LoadedImage LoadImage(const std::string& path, const ReadOptions& options = {});
// The same pixels part by part, of what GDAL reads. Throws as LoadImage does.
std::unique_ptr<BlockReader> OpenBlocks(const std::string& path, const ReadOptions& options = {});
// The same hash without decoding anything.
std::string HashImage(const std::string& path, const ReadOptions& options = {});

// Values as they are stored: as LoadImage, but values below 8 bits stay as they are, and an indexed
// PNG or TIFF gives its indices. Throws IoError for JPEG.
LoadedImage LoadBand(const std::string& path);

// An image of one band whose values are numbers of classes, 0 = none, as LoadBand gives them. What
// is no data is 0. Throws IoError for colours, for JPEG, and for values that are not whole or lie
// outside 0…65535.
struct LoadedLabels {
  std::int64_t width = 0, height = 0;
  std::vector<std::uint16_t> labels;  // x fastest, then y, then z
  std::string hash;                   // as LoadedImage has it
  std::int64_t depth = 1;
  std::optional<VolumeGeometry> volume;
};
LoadedLabels LoadLabels(const std::string& path);

// What a file says of its picture before any pixel is decoded.
struct ImageHeader {
  // As stored: the orientation that the file asks for, which ReadImage applies, may swap them.
  std::int64_t width = 0, height = 0;
  int num_bands = 0;  // these as ReadImage would give them; alpha is no band
  SampleType type = SampleType::kUint8;
  ColorModel color_model = ColorModel::kGray;
  bool is_map = false;  // GDAL reads it, so that it can be read part by part: see OpenBlocks
  std::int64_t depth = 1;

  std::int64_t num_pixels() const { return width * height * depth; }
};

// Nothing where the file is of none of the formats that ReadImage knows. Throws IoError where it
// cannot be opened, is empty or no regular file, or is of such a format with a damaged header; what
// is wrong behind the header is not seen. Cost: one small read, whatever the size of the file; a
// few more for TIFF and where much stands before the picture of a JPEG or PNG.
std::optional<ImageHeader> ReadImageHeader(const std::string& path);
// Of what LoadImage gives; as ReadImageHeader.
std::optional<ImageHeader> ReadImageHeader(const std::string& path, const ReadOptions& options);

// Whether the name ends, in any case of letters, as those of the formats that ReadImage knows.
bool HasImageExtension(const std::string& path);

// One byte per pixel into a palette of at most 256 colours; `transparent_zero`: index 0 is shown as
// transparent.
enum class ZeroIndex { kOpaque, kTransparent };
struct Palette {
  std::vector<Rgb> colors;  // 1…256
  ZeroIndex zero = ZeroIndex::kTransparent;
};

// Pixels are row-major, width × height, x fastest; Rgb pixels are interleaved.
void WriteIndexedPng(const std::string& path, std::int64_t width, std::int64_t height,
                     std::span<const std::uint8_t> indices, const Palette& palette);
void WriteGrayPng(const std::string& path, std::int64_t width, std::int64_t height,
                  std::span<const std::uint8_t> values);
void WriteGrayPng(const std::string& path, std::int64_t width, std::int64_t height,
                  std::span<const std::uint16_t> values);
void WriteRgbPng(const std::string& path, std::int64_t width, std::int64_t height,
                 std::span<const Rgb> pixels);

enum class ProbabilityDepth {
  kUint8,    // 0…250, × 0.004; 255 = no data
  kUint16,   // 0…10000, × 1e-4; 65535 = no data
  kFloat32,  // 0…1; all bands 0 = no data
};

// How GeoTIFFs lie in their files.
enum class MapLayout {
  kTiled,           // blocks of 512 × 512
  kCloudOptimized,  // a Cloud-Optimised GeoTIFF
};

// A K-band TIFF, one plane per class, DEFLATE (integers with predictor), written class by class so
// that never all planes are held. Bands are named "P(1)" …; scale and nodata stand in the tags that
// GDAL reads (GDAL_METADATA, GDAL_NODATA).
class ProbabilityTiffWriter {
 public:
  ProbabilityTiffWriter(const std::string& path, std::int64_t width, std::int64_t height,
                        int num_classes, ProbabilityDepth depth);
  ~ProbabilityTiffWriter();  // without Close(): the unfinished file is removed
  ProbabilityTiffWriter(const ProbabilityTiffWriter&) = delete;
  ProbabilityTiffWriter& operator=(const ProbabilityTiffWriter&) = delete;

  // The next class's plane; `labels` tells where there is no data (label 0).
  void WritePlane(std::span<const float> probabilities, std::span<const std::uint16_t> labels);
  // After the last plane; the file appears under its name.
  void Close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A TIFF of float bands of these names, DEFLATE; NaN is "no data", and tagged so for GDAL.
// `values_of` is called once for each band, and what it gives once for each pixel, in order.
using PixelValues = std::function<float(std::int64_t pixel)>;
void WriteFloatTiff(const std::string& path, std::int64_t width, std::int64_t height,
                    const std::vector<std::string>& band_names,
                    const std::function<PixelValues(int band)>& values_of);

}  // namespace gmmseg
