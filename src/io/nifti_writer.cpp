#include <gmmseg/errors.h>
#include <nifti2_io.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>
#include <string_view>

#include "base/text.h"
#include "io/nifti_files.h"
#include "io/staged_file.h"
#include "io/volume_writer.h"
#include "raster/value_size.h"

namespace gmmseg {
namespace {

int DatatypeOf(SampleType type) {
  switch (type) {
    case SampleType::kUint8:
      return NIFTI_TYPE_UINT8;
    case SampleType::kUint16:
      return NIFTI_TYPE_UINT16;
    case SampleType::kFloat32:
      break;
  }
  return NIFTI_TYPE_FLOAT32;
}

int IntentOf(VolumeIntent intent) {
  switch (intent) {
    case VolumeIntent::kLabels:
      return NIFTI_INTENT_LABEL;
    case VolumeIntent::kEstimate:
      return NIFTI_INTENT_ESTIMATE;
    case VolumeIntent::kNone:
      break;
  }
  return NIFTI_INTENT_NONE;
}

// A header's first number is its size, by which its byte order is known.
bool IsSwapped(const std::vector<std::uint8_t>& header) {
  std::int32_t size = 0;
  std::memcpy(&size, header.data(), sizeof size);
  return size != static_cast<std::int32_t>(header.size());
}

// That the volume came with, in this machine's byte order.
template <typename Header>
Header GivenHeader(const std::vector<std::uint8_t>& bytes, int version) {
  Header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (IsSwapped(bytes)) swap_nifti_header(&header, version);
  return header;
}

// Of what the header says of the place, all; of the rest, which may name a patient, nothing.
template <typename Header>
Header PlaceOf(const Header& given) {
  Header header{};
  using Dimension = std::remove_reference_t<decltype(header.dim[0])>;
  header.dim[0] = std::clamp<Dimension>(given.dim[0], 1, 3);
  header.dim_info = given.dim_info;
  header.xyzt_units = given.xyzt_units;
  std::ranges::copy(given.pixdim, header.pixdim);
  header.qform_code = given.qform_code;
  header.sform_code = given.sform_code;
  header.quatern_b = given.quatern_b;
  header.quatern_c = given.quatern_c;
  header.quatern_d = given.quatern_d;
  header.qoffset_x = given.qoffset_x;
  header.qoffset_y = given.qoffset_y;
  header.qoffset_z = given.qoffset_z;
  std::ranges::copy(given.srow_x, header.srow_x);
  std::ranges::copy(given.srow_y, header.srow_y);
  std::ranges::copy(given.srow_z, header.srow_z);
  return header;
}

// Both forms from the geometry. A quaternion holds no shear: where there is any, the sform is
// right.
nifti_1_header PlaceOf(const VolumeGeometry& geometry) {
  nifti_1_header header{};
  header.dim[0] = 3;
  header.xyzt_units = NIFTI_UNITS_MM;
  header.qform_code = header.sform_code = NIFTI_XFORM_SCANNER_ANAT;
  mat44 m{};
  m.m[3][3] = 1;
  for (int r = 0; r < 3; ++r)
    for (int c = 0; c < 4; ++c) m.m[r][c] = static_cast<float>(geometry.to_world[r][c]);
  std::copy_n(m.m[0], 4, header.srow_x);
  std::copy_n(m.m[1], 4, header.srow_y);
  std::copy_n(m.m[2], 4, header.srow_z);
  std::array<float, 3> spacing{};
  nifti_mat44_to_quatern(m, &header.quatern_b, &header.quatern_c, &header.quatern_d,
                         &header.qoffset_x, &header.qoffset_y, &header.qoffset_z, &spacing[0],
                         &spacing[1], &spacing[2], &header.pixdim[0]);
  for (int axis = 0; axis < 3; ++axis)
    header.pixdim[axis + 1] = static_cast<float>(geometry.spacing[axis]);
  return header;
}

template <typename Header>
void SetSize(const std::string& path, const VolumeFormat& format, Header& header) {
  using Dimension = std::remove_reference_t<decltype(header.dim[0])>;
  const std::array<std::int64_t, 4> size{format.width, format.height, format.depth,
                                         format.num_volumes};
  int num_dimensions = static_cast<int>(header.dim[0]);
  for (int axis = 0; axis < 4; ++axis) {
    if (size[axis] > 1) num_dimensions = std::max(num_dimensions, axis + 1);
    if (size[axis] < 1 || size[axis] > std::numeric_limits<Dimension>::max())
      throw ParameterError(path + ": " + std::to_string(size[axis]) + " along axis " +
                           std::to_string(axis + 1) + "; NIfTI has from 1 to " +
                           std::to_string(std::numeric_limits<Dimension>::max()));
    header.dim[axis + 1] = static_cast<Dimension>(size[axis]);
  }
  header.dim[0] = static_cast<Dimension>(num_dimensions);
  for (int axis = 5; axis < 8; ++axis) header.dim[axis] = 1;
}

// Of a header that says where the voxels lie, the bytes that a file begins with.
template <typename Header>
std::string StartOf(const std::string& path, const VolumeFormat& format, Header header,
                    std::string_view magic) {
  constexpr std::size_t kExtensions = 4;  // zeros: there are none
  header.sizeof_hdr = static_cast<std::int32_t>(sizeof header);
  SetSize(path, format, header);
  header.datatype = static_cast<std::int16_t>(DatatypeOf(format.type));
  header.bitpix = static_cast<std::int16_t>(8 * BytesPerValue(format.type));
  header.vox_offset = static_cast<decltype(header.vox_offset)>(sizeof header + kExtensions);
  header.scl_slope = static_cast<decltype(header.scl_slope)>(format.slope);
  header.intent_code = static_cast<decltype(header.intent_code)>(IntentOf(format.intent));
  const std::string program = std::string("gmmseg ") + GMMSEG_VERSION;
  program.copy(header.descrip, sizeof header.descrip - 1);
  magic.copy(header.magic, sizeof header.magic);
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
  bytes.append(kExtensions, '\0');
  return bytes;
}

std::string StartOf(const std::string& path, const VolumeFormat& format) {
  using std::string_view_literals::operator""sv;
  const std::vector<std::uint8_t>& given = format.geometry.nifti_header;
  if (given.size() == kNifti2Bytes)
    return StartOf(path, format, PlaceOf(GivenHeader<nifti_2_header>(given, 2)),
                   "n+2\0\r\n\032\n"sv);
  return StartOf(path, format,
                 given.size() == kNifti1Bytes ? PlaceOf(GivenHeader<nifti_1_header>(given, 1))
                                              : PlaceOf(format.geometry),
                 "n+1\0"sv);
}

// gzip as zlib writes it: without a name, a date or a host, so that equal content is equal bytes.
class GzipOutput {
 public:
  GzipOutput(StagedFile& file, int level) : file_(file), out_(kOutBytes) {
    constexpr int kGzipWindow = 15 + 16, kMemoryLevel = 8;
    if (deflateInit2(&stream_, level, Z_DEFLATED, kGzipWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) !=
        Z_OK)
      throw std::bad_alloc();
  }
  ~GzipOutput() { deflateEnd(&stream_); }
  GzipOutput(const GzipOutput&) = delete;
  GzipOutput& operator=(const GzipOutput&) = delete;

  void Write(std::string_view bytes) {
    constexpr std::size_t kMostAtOnce = std::size_t{1} << 30;
    while (!bytes.empty()) {
      const std::string_view part = bytes.substr(0, kMostAtOnce);
      Deflate(part, Z_NO_FLUSH);
      bytes.remove_prefix(part.size());
    }
  }
  void Finish() { Deflate({}, Z_FINISH); }

 private:
  static constexpr std::size_t kOutBytes = 1 << 18;

  void Deflate(std::string_view bytes, int flush) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream_.next_out = out_.data();
      stream_.avail_out = static_cast<uInt>(out_.size());
      if (deflate(&stream_, flush) == Z_STREAM_ERROR)
        throw InternalError("zlib lost its state while " + file_.target() + " was written");
      file_.Write({reinterpret_cast<const char*>(out_.data()), out_.size() - stream_.avail_out});
    } while (stream_.avail_out == 0);
  }

  StagedFile& file_;
  std::vector<Bytef> out_;
  z_stream stream_{};
};

// Labels shrink to little at any effort; floats hardly shrink, and take long to.
int LevelFor(SampleType type) { return type == SampleType::kFloat32 ? 1 : 6; }

}  // namespace

struct VolumeWriter::Impl {
  Impl(const std::string& path, const VolumeFormat& format)
      : bytes_per_value(BytesPerValue(format.type)),
        values_left(format.width * format.height * format.depth * format.num_volumes),
        start(StartOf(path, format)),
        file(path),
        gzip(file, LevelFor(format.type)) {
    gzip.Write(start);
  }

  std::int64_t bytes_per_value, values_left;
  std::string start;
  StagedFile file;
  GzipOutput gzip;
};

VolumeWriter::VolumeWriter(const std::string& path, const VolumeFormat& format)
    : impl_(std::make_unique<Impl>(path, format)) {}
VolumeWriter::~VolumeWriter() = default;

void VolumeWriter::Write(std::int64_t count, const void* values) {
  if (count > impl_->values_left)
    throw ParameterError(impl_->file.target() + ": " + std::to_string(count) +
                         " more values, where its size leaves room for " +
                         std::to_string(impl_->values_left));
  impl_->values_left -= count;
  impl_->gzip.Write(
      {static_cast<const char*>(values), static_cast<std::size_t>(count * impl_->bytes_per_value)});
}

void VolumeWriter::Close() {
  if (impl_->values_left > 0)
    throw ParameterError(impl_->file.target() + ": " + std::to_string(impl_->values_left) +
                         " values are missing; write all of them before it is closed");
  impl_->gzip.Finish();
  impl_->file.Commit();
}

}  // namespace gmmseg
