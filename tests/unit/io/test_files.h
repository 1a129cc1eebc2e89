// Small image files, made by encoders other than those under test where there are any.
#pragma once

#include <gmmseg/raster.h>

#include <boost/filesystem/operations.hpp>
#include <cstdint>
#include <functional>
#include <opencv2/core/mat.hpp>
#include <string>
#include <vector>

namespace gmmseg::test {

using Bytes = std::vector<unsigned char>;

// A folder of its own, gone with the test.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string File(const std::string& name) const { return (path_ / name).string(); }
  std::string path() const { return path_.string(); }
  std::size_t CountFiles() const;

 private:
  boost::filesystem::path path_;
};

Bytes ToBytes(const std::string& text);
Bytes ReadAll(const std::string& path);
void WriteAll(const std::string& path, const Bytes& bytes);
Bytes Concatenate(const Bytes& a, const Bytes& b);

// The message of the exception that `action` throws; "" where it throws none.
std::string MessageOf(const std::function<void()>& action);
// What is written to the process's standard error meanwhile.
std::string StderrOf(const std::function<void()>& action);

struct PngSpec {
  int width = 1, height = 1, color_type = 0, bit_depth = 8;
  Bytes rows;                             // as in the file: packed, 16 bits big-endian
  std::vector<std::uint8_t> palette;      // R, G, B …
  Bytes palette_alpha;                    // tRNS of a palette
  std::vector<std::uint16_t> clear = {};  // tRNS of grey (1 value) or RGB (3)
  Bytes exif = {};
};
Bytes EncodePng(const PngSpec& spec);

// By OpenCV: ".jpg", ".bmp", ".webp", ".png", …
Bytes EncodeWithOpenCv(const std::string& extension, const cv::Mat& image);

struct TiffSpec {
  std::uint32_t width = 1, height = 1;
  int samples = 1, bits = 8, format = 1, photometric = 1, planar = 1, compression = 1;
  int predictor = 1, orientation = 1;
  std::uint32_t tile = 0;                   // 0: strips
  std::string mode = "w";                   // of TIFFOpen: "wb", "wl", "w8"
  std::vector<std::uint16_t> extra = {};    // EXTRASAMPLES
  std::vector<std::uint16_t> palette = {};  // 3 · 2^bits
  std::string no_data = {};                 // GDAL_NODATA
  bool thumbnail_first = false;
};
// `values` row-major, samples interleaved, in the file's type (native byte order; packed by rows
// below 8 bits).
Bytes EncodeTiff(const TiffSpec& spec, const Bytes& values);

template <typename T>
Bytes BytesOf(const std::vector<T>& values) {
  const auto* first = reinterpret_cast<const unsigned char*>(values.data());
  return Bytes(first, first + values.size() * sizeof(T));
}

// The values of one band.
template <typename T>
std::vector<T> BandOf(const Raster& raster, int b) {
  return std::vector<T>(raster.Band<T>(b), raster.Band<T>(b) + raster.num_pixels());
}

// 1 valid, 0 no data, for every pixel.
std::vector<int> ValidityOf(const Raster& raster);

// A colour gradient with some texture, 8 bits.
cv::Mat ColorGradient(int width, int height);

}  // namespace gmmseg::test
