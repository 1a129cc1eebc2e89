#include "test_files.h"

#include <fcntl.h>
#include <png.h>
#include <tiffio.h>
#include <unistd.h>

#include <algorithm>
#include <boost/filesystem/directory.hpp>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <opencv2/imgcodecs.hpp>

namespace gmmseg::test {

namespace fs = boost::filesystem;

TemporaryFolder::TemporaryFolder()
    : path_(fs::temp_directory_path() / fs::unique_path("gmmseg-io-%%%%%%%%%%")) {
  fs::create_directory(path_);
}

TemporaryFolder::~TemporaryFolder() {
  boost::system::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::size_t TemporaryFolder::CountFiles() const {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(path_), fs::directory_iterator()));
}

Bytes ToBytes(const std::string& text) { return Bytes(text.begin(), text.end()); }

Bytes ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

void WriteAll(const std::string& path, const Bytes& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

Bytes Concatenate(const Bytes& a, const Bytes& b) {
  Bytes both = a;
  both.insert(both.end(), b.begin(), b.end());
  return both;
}

std::string MessageOf(const std::function<void()>& action) {
  try {
    action();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

std::string StderrOf(const std::function<void()>& action) {
  const TemporaryFolder folder;
  const std::string path = folder.File("stderr");
  std::fflush(stderr);
  const int saved = ::dup(STDERR_FILENO);
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::dup2(file, STDERR_FILENO);
  ::close(file);
  const auto restore = [&] {
    std::fflush(stderr);
    ::dup2(saved, STDERR_FILENO);
    ::close(saved);
  };
  try {
    action();
  } catch (...) {
    restore();
    throw;
  }
  restore();
  const Bytes text = ReadAll(path);
  return std::string(text.begin(), text.end());
}

namespace {

void SetPngColors(png_structp png, png_infop info, const PngSpec& spec) {
  if (!spec.palette.empty())
    png_set_PLTE(png, info, reinterpret_cast<png_const_colorp>(spec.palette.data()),
                 static_cast<int>(spec.palette.size() / 3));
  if (!spec.palette_alpha.empty())
    png_set_tRNS(png, info, spec.palette_alpha.data(), static_cast<int>(spec.palette_alpha.size()),
                 nullptr);
  if (spec.clear.empty()) return;
  png_color_16 color{};
  color.gray = color.red = spec.clear[0];
  if (spec.clear.size() == 3) {
    color.green = spec.clear[1];
    color.blue = spec.clear[2];
  }
  png_set_tRNS(png, info, nullptr, 1, &color);
}

}  // namespace

Bytes EncodePng(const PngSpec& spec) {
  Bytes bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &bytes,
      [](png_structp p, png_bytep data, std::size_t size) {
        Bytes& out = *static_cast<Bytes*>(png_get_io_ptr(p));
        out.insert(out.end(), data, data + size);
      },
      nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(spec.width),
               static_cast<png_uint_32>(spec.height), spec.bit_depth, spec.color_type, 0, 0, 0);
  SetPngColors(png, info, spec);
  Bytes exif = spec.exif;
  if (!exif.empty()) png_set_eXIf_1(png, info, static_cast<png_uint_32>(exif.size()), exif.data());
  png_write_info(png, info);
  const std::size_t row_bytes = png_get_rowbytes(png, info);
  for (int y = 0; y < spec.height; ++y) png_write_row(png, spec.rows.data() + y * row_bytes);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

Bytes EncodeWithOpenCv(const std::string& extension, const cv::Mat& image) {
  Bytes bytes;
  cv::imencode(extension, image, bytes);
  return bytes;
}

namespace {

constexpr std::uint32_t kNoDataTag = 42113;

void SetTiffTags(TIFF* tiff, const TiffSpec& spec) {
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, spec.width);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, spec.height);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, spec.samples);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, spec.bits);
  TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, spec.format);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, spec.photometric);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, spec.planar);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, spec.compression);
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, spec.orientation);
  if (spec.predictor != 1) TIFFSetField(tiff, TIFFTAG_PREDICTOR, spec.predictor);
  if (!spec.extra.empty())
    TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, static_cast<int>(spec.extra.size()),
                 spec.extra.data());
  if (const std::size_t n = spec.palette.size() / 3)
    TIFFSetField(tiff, TIFFTAG_COLORMAP, spec.palette.data(), spec.palette.data() + n,
                 spec.palette.data() + 2 * n);
  if (!spec.no_data.empty()) {
    static const TIFFFieldInfo field = {kNoDataTag,   -1, -1, TIFF_ASCII,
                                        FIELD_CUSTOM, 1,  0,  const_cast<char*>("GDALNoData")};
    TIFFMergeFieldInfo(tiff, &field, 1);
    TIFFSetField(tiff, kNoDataTag, spec.no_data.c_str());
  }
}

// The samples of one sample plane (or all, where they are interleaved) of a rectangle.
Bytes Cut(const TiffSpec& spec, const Bytes& values, std::uint32_t left, std::uint32_t top,
          std::uint32_t width, std::uint32_t height, int sample) {
  const std::size_t size = spec.bits / 8;
  const std::size_t pixel = size * spec.samples;
  const std::size_t from = sample < 0 ? 0 : sample * size;
  const std::size_t taken = sample < 0 ? pixel : size;
  Bytes cut(width * height * taken);
  for (std::uint32_t y = 0; y < std::min(height, spec.height - top); ++y)
    for (std::uint32_t x = 0; x < std::min(width, spec.width - left); ++x)
      std::memcpy(cut.data() + (y * width + x) * taken,
                  values.data() + ((top + y) * spec.width + left + x) * pixel + from, taken);
  return cut;
}

void WriteTiles(TIFF* tiff, const TiffSpec& spec, const Bytes& values, int sample) {
  for (std::uint32_t y = 0; y < spec.height; y += spec.tile)
    for (std::uint32_t x = 0; x < spec.width; x += spec.tile) {
      Bytes tile = Cut(spec, values, x, y, spec.tile, spec.tile, sample);
      TIFFWriteTile(tiff, tile.data(), x, y, 0, static_cast<std::uint16_t>(std::max(sample, 0)));
    }
}

void WriteRows(TIFF* tiff, const TiffSpec& spec, const Bytes& values, int sample) {
  const std::size_t packed_row = values.size() / spec.height;
  for (std::uint32_t y = 0; y < spec.height; ++y) {
    Bytes row = spec.bits % 8 == 0
                    ? Cut(spec, values, 0, y, spec.width, 1, sample)
                    : Bytes(values.begin() + static_cast<std::ptrdiff_t>(y * packed_row),
                            values.begin() + static_cast<std::ptrdiff_t>((y + 1) * packed_row));
    TIFFWriteScanline(tiff, row.data(), y, static_cast<std::uint16_t>(std::max(sample, 0)));
  }
}

void WriteThumbnail(TIFF* tiff) {
  TiffSpec thumbnail;
  SetTiffTags(tiff, thumbnail);
  TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_REDUCEDIMAGE);
  Bytes pixel = {99};
  TIFFWriteScanline(tiff, pixel.data(), 0, 0);
  TIFFWriteDirectory(tiff);
}

}  // namespace

Bytes EncodeTiff(const TiffSpec& spec, const Bytes& values) {
  const TemporaryFolder folder;
  const std::string path = folder.File("image.tif");
  TIFF* tiff = TIFFOpen(path.c_str(), spec.mode.c_str());
  if (spec.thumbnail_first) WriteThumbnail(tiff);
  SetTiffTags(tiff, spec);
  TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 3);
  if (spec.tile) {
    TIFFSetField(tiff, TIFFTAG_TILEWIDTH, spec.tile);
    TIFFSetField(tiff, TIFFTAG_TILELENGTH, spec.tile);
  }
  const int first = spec.planar == PLANARCONFIG_SEPARATE ? 0 : -1;
  const int last = spec.planar == PLANARCONFIG_SEPARATE ? spec.samples - 1 : -1;
  for (int s = first; s <= last; ++s)
    spec.tile ? WriteTiles(tiff, spec, values, s) : WriteRows(tiff, spec, values, s);
  TIFFClose(tiff);
  return ReadAll(path);
}

std::vector<int> ValidityOf(const Raster& raster) {
  std::vector<int> validity;
  for (std::int64_t i = 0; i < raster.num_pixels(); ++i) validity.push_back(raster.IsValid(i));
  return validity;
}

cv::Mat ColorGradient(int width, int height) {
  cv::Mat image(height, width, CV_8UC3);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      image.at<cv::Vec3b>(y, x) = {static_cast<std::uint8_t>(x * 255 / width),
                                   static_cast<std::uint8_t>(y * 255 / height),
                                   static_cast<std::uint8_t>((x * 7 + y * 3) % 256)};
  return image;
}

}  // namespace gmmseg::test
