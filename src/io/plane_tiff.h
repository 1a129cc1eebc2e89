// A TIFF of planes, one after another, through libtiff, with the tags that GDAL and QGIS read.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/staged_file.h"
#include "io/tiff_handle.h"

namespace gmmseg {

// What is the same for all planes.
struct PlaneTiffFormat {
  int bits = 32;
  int sample_format = SAMPLEFORMAT_IEEEFP;
  // No predictor: Python's tifffile, as Debian has it, cannot read the floating-point one.
  int predictor = PREDICTOR_NONE;
  std::string metadata = {};  // items of GDAL_METADATA, see BandItem
  std::string no_data = {};   // of GDAL_NODATA; empty: none
};

// An item of the metadata: of a band, from 0.
std::string BandItem(const char* name, const char* role, int band, const std::string& value);
std::string BandName(int band, const std::string& name);

// Throws IoError where the file cannot be written, ParameterError for a shape that no TIFF has.
// The file appears with Close().
class PlaneTiff {
 public:
  PlaneTiff(const std::string& path, std::int64_t width, std::int64_t height, int num_planes,
            const PlaneTiffFormat& format);

  const std::string& target() const { return file_.target(); }
  std::int64_t num_pixels() const { return width_ * height_; }

  // The next plane, whose type T is that of the format: value(pixel) makes it.
  template <typename T, typename Value>
  void WritePlane(const Value& value);

  // Throws ParameterError before the last plane.
  void Close();

 private:
  // Between the file and libtiff.
  class FileStream : public TiffStream {
   public:
    explicit FileStream(StagedFile& file) : file_(file) {}

    tmsize_t Read(void* out, tmsize_t count) override;
    tmsize_t Write(const void* data, tmsize_t count) override;
    toff_t Seek(toff_t offset, int whence) override;
    toff_t Size() override;

   private:
    StagedFile& file_;
  };

  std::int64_t RowsPerStrip() const;
  void WriteTags(const PlaneTiffFormat& format);
  void WriteStrip(std::int64_t strip_of_plane, void* data, std::int64_t num_bytes);
  void CheckMoreToCome() const;
  void Require(bool ok);

  std::int64_t width_, height_;
  int num_planes_;
  int bits_;
  int planes_written_ = 0;
  StagedFile file_;
  FileStream stream_{file_};
  std::optional<TiffHandle> handle_;  // closed before the file is
};

template <typename T, typename Value>
void PlaneTiff::WritePlane(const Value& value) {
  CheckMoreToCome();
  const std::int64_t strip_pixels = RowsPerStrip() * width_;
  std::vector<T> strip(strip_pixels);
  for (std::int64_t s = 0; s * strip_pixels < num_pixels(); ++s) {
    const std::int64_t first = s * strip_pixels;
    const std::int64_t count = std::min(strip_pixels, num_pixels() - first);
    for (std::int64_t i = 0; i < count; ++i) strip[i] = value(first + i);
    WriteStrip(s, strip.data(), count * static_cast<std::int64_t>(sizeof(T)));
  }
  ++planes_written_;
}

}  // namespace gmmseg
