// What a build without the NIfTI library has of it.
#include <gmmseg/errors.h>

#include "io/nifti_files.h"
#include "io/volume_writer.h"

namespace gmmseg {
namespace {

[[noreturn]] void Refuse(IoError::Operation operation, const std::string& path) {
  throw IoError(operation, path +
                               ": needs the NIfTI library, which is not in this build; build with "
                               "-DGMMSEG_WITH_NIFTI=ON");
}

void RefuseNifti(const ImageSource& source) {
  if (FindNiftiFiles(source)) Refuse(IoError::Operation::kRead, source.path);
}

}  // namespace

const std::string_view kNiftiFormats = "with -DGMMSEG_WITH_NIFTI=ON NIfTI and ANALYZE";

std::optional<Raster> ReadNifti(const ImageSource& source) {
  RefuseNifti(source);
  return std::nullopt;
}

std::optional<ImageHeader> ReadNiftiHeader(const ImageSource& source) {
  RefuseNifti(source);
  return std::nullopt;
}

struct VolumeWriter::Impl {};
VolumeWriter::VolumeWriter(const std::string& path, const VolumeFormat&) {
  Refuse(IoError::Operation::kWrite, path);
}
VolumeWriter::~VolumeWriter() = default;
void VolumeWriter::Write(std::int64_t, const void*) {}
void VolumeWriter::Close() {}

}  // namespace gmmseg
