// Volumes out: NIfTI, packed by gzip, that lies where the volume lies that it was made from.
#pragma once

#include <gmmseg/raster.h>
#include <gmmseg/volume_geometry.h>

#include <cstdint>
#include <memory>
#include <string>

namespace gmmseg {

// What NIfTI calls the intent of values.
enum class VolumeIntent {
  kNone,
  kLabels,    // 1002
  kEstimate,  // 1001
};

struct VolumeFormat {
  std::int64_t width = 0, height = 0, depth = 1;
  int num_volumes = 1;  // behind one another, as the fourth dimension
  SampleType type = SampleType::kUint8;
  VolumeIntent intent = VolumeIntent::kNone;
  double slope = 1;  // value = slope · stored
  // Of a header that came with the volume both forms, spacing and units are kept byte by byte, and
  // NIfTI-2 stays NIfTI-2. Without one both forms are to_world, as the scanner has it.
  VolumeGeometry geometry = {};
};

// The same bytes on every run. The file appears with Close().
class VolumeWriter {
 public:
  // Throws IoError where the file cannot be made, ParameterError for a size that NIfTI has not.
  VolumeWriter(const std::string& path, const VolumeFormat& format);
  ~VolumeWriter();  // without Close(): nothing stays behind
  VolumeWriter(const VolumeWriter&) = delete;
  VolumeWriter& operator=(const VolumeWriter&) = delete;

  // The next `count` values of the format's type; x fastest, then y, z and the volumes.
  void Write(std::int64_t count, const void* values);
  void Close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gmmseg
